import type { Result, SideBySide, Unit } from '../engine/result.ts'

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

const accepted: SideBySideColumn = {
  name: 'accepted',
  unit: 'count',
  of: ({ metrics }) => metrics.outcomes.accepted,
}
const success: SideBySideColumn = {
  name: 'success',
  unit: 'share',
  of: ({ metrics }) => metrics.success_rate,
}
const throughput: SideBySideColumn = {
  name: 'throughput',
  unit: 'per_second',
  of: ({ metrics }) => metrics.throughput,
}
const p50: SideBySideColumn = { name: 'p50', unit: 'ms', of: ({ metrics }) => metrics.response_time_ms.p50 }
const p99: SideBySideColumn = { name: 'p99', unit: 'ms', of: ({ metrics }) => metrics.response_time_ms.p99 }

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
const gain: SideBySideColumn = {
  name: 'against the first',
  unit: 'factor',
  of: ({ metrics }, [first]) =>
    first === undefined || first.metrics.throughput === 0
      ? null
      : metrics.throughput / first.metrics.throughput,
}

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
