import type { Result, SideBySide, Unit } from '../engine/result.ts'
import { type Figures, figureValue } from '../figures/figure.ts'
import { SMTP_FIGURES } from '../figures/smtp.ts'

type Named = Pick<Result, 'scenario' | 'part'>

/** A column of the table: one figure of each run. */
export interface SideBySideColumn<R extends Named = Result> {
  /** Heading of the column. */
  readonly name: string
  /** Unit of the figure. */
  readonly unit: Unit
  /**
   * Reads the figure; null prints as "no data".
   *
   * @param result - result of the run of this row
   * @param all - results of all rows; the first is the reference
   */
  of(result: R, all: readonly R[]): number | null
}

/**
 * The table that compares a scenario's runs: which figures, under which headings.
 *
 * @example
 * ```ts
 * const TABLE: SideBySideSpec = {
 *   by: 'size',
 *   columns: [{ name: 'p99', unit: 'ms', of: ({ metrics }) => metrics.response_time_ms.p99 }],
 *   note: 'Larger messages take longer.',
 * }
 * ```
 */
export interface SideBySideSpec<R extends Named = Result> {
  /** Heading of the first column, which names the runs: `servers`, `pipelining`. */
  readonly by: string
  /** The other columns. */
  readonly columns: readonly SideBySideColumn<R>[]
  /** A sentence below the table that says how to read it. */
  readonly note: string
}

/** Builds the table for runs of one kind. */
export function sideBySide<R extends Named>(
  results: readonly R[],
  { by, columns, note }: SideBySideSpec<R>,
): SideBySide {
  return {
    by,
    columns: columns.map(({ name, unit }) => ({ name, unit })),
    rows: results.map((result) => ({
      label: result.part ?? result.scenario,
      values: columns.map((column) => column.of(result, results)),
    })),
    note,
  }
}

/** A result with the table that compares it with the other runs of its scenario, if there are any. */
export function besideOthers<R extends Named & Pick<Result, 'side_by_side'>>(
  result: R,
  all: readonly R[],
  table: SideBySideSpec<R>,
): R {
  return all.length < 2 ? result : { ...result, side_by_side: sideBySide(all, table) }
}

/** A figure of a kind as a column, under its own title or another. */
export function figureColumn<R extends Named>(
  figures: Figures<object>,
  name: string,
  title?: string,
): SideBySideColumn<R> {
  const figure = figures.named(name)
  if (typeof figure !== 'object') throw new TypeError(`there is no figure ${name}`)
  return { name: title ?? figure.title, unit: figure.unit, of: (result) => figureValue(figure, result) }
}

/** A figure as a multiple of the first run's. */
export function againstFirst<R extends Named>(figures: Figures<object>, name: string): SideBySideColumn<R> {
  const { of: read } = figureColumn<R>(figures, name)
  return {
    name: 'against the first',
    unit: 'factor',
    of: (result, all) => {
      const [first] = all
      const [own, reference] = [read(result, all), first === undefined ? null : read(first, all)]
      return own === null || reference === null || reference === 0 ? null : own / reference
    },
  }
}

/** A figure of SMTP servers as a column. */
const smtp = (name: string, title?: string): SideBySideColumn => figureColumn(SMTP_FIGURES, name, title)

const accepted = smtp('accepted')
const success = smtp('success_rate', 'success')
const throughput = smtp('throughput')
const p50 = smtp('p(50)')
const p99 = smtp('p(99)')

export const LOADS_TABLE: SideBySideSpec = {
  by: 'load',
  columns: [accepted, success, throughput, p50, p99],
  note: 'Both loads ran at the same time on the same servers; together counts all messages.',
}

/** Throughput per server relative to the first run. */
const efficiency: SideBySideColumn = {
  name: 'efficiency per server',
  unit: 'share',
  of: (result, [first]) => {
    const one = first === undefined ? 0 : perServer(first)
    return one === 0 ? null : perServer(result) / one
  },
}

function perServer({ metrics, servers }: Result): number {
  return servers.length === 0 ? 0 : metrics.throughput / servers.length
}

/** Compares one load on more and more servers: throughput, p50, p99, efficiency per server. */
export const SCALING_TABLE: SideBySideSpec = {
  by: 'servers',
  columns: [accepted, throughput, p50, p99, efficiency],
  note: 'Efficiency is throughput per server relative to the first row: at 100 %, twice the servers take twice the mail. Servers that share one machine share its cores.',
}

const handshakes: SideBySideColumn = {
  name: 'handshakes',
  unit: 'per_second',
  of: ({ metrics }) => {
    const count = metrics.phases_ms.tls?.count ?? 0
    return count === 0 ? null : count / metrics.duration_seconds
  },
}
const handshake: SideBySideColumn = {
  name: 'handshake p50',
  unit: 'ms',
  of: ({ metrics }) => metrics.phases_ms.tls?.p50 ?? null,
}
/** Average service time beyond that of the first run. */
const costPerMessage: SideBySideColumn = {
  name: 'cost per message',
  unit: 'ms',
  of: ({ metrics }, [first]) => {
    const [own, plain] = [metrics.service_time_ms.avg, first?.metrics.service_time_ms.avg ?? null]
    return own === null || plain === null ? null : own - plain
  },
}

/**
 * Compares one load in plain text, over STARTTLS and over implicit TLS: handshakes per second, cost per
 * message.
 */
export const TLS_TABLE: SideBySideSpec = {
  by: 'encryption',
  columns: [throughput, p50, p99, handshakes, handshake, costPerMessage],
  note: 'One message per session, so that each has a handshake; TLS sessions are resumed where the server allows it. Cost is the average service time above that of the first row.',
}

const sessions: SideBySideColumn = {
  name: 'sessions',
  unit: 'count',
  of: ({ metrics }) => metrics.sessions_opened,
}
const gain: SideBySideColumn = againstFirst(SMTP_FIGURES, 'throughput')

/** Compares one load over fewer and fewer sessions. */
export const SESSIONS_TABLE: SideBySideSpec = {
  by: 'messages per session',
  columns: [sessions, throughput, p50, p99, gain],
  note: 'What opening a session costs: the same messages over fewer and fewer sessions.',
}

/** Compares one load at the three levels of pipelining. */
export const PIPELINING_TABLE: SideBySideSpec = {
  by: 'pipelining',
  columns: [throughput, p50, p99, gain],
  note: 'Commands in one write, then the next envelope right behind the message (RFC 2920); not used with a server that does not offer it.',
}

/** Compares a load alone and beside a crowd of idle clients. */
export const CROWD_TABLE: SideBySideSpec = {
  by: 'beside',
  columns: [throughput, p50, p99, gain],
  note: 'The same load, alone and beside clients that hold connections and send next to nothing.',
}
