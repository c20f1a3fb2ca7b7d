import type { DeliveryResult, NextHopRow, Result } from '../../engine/result.ts'
import { errorText } from '../../error.ts'
import { SMTP_FIGURES } from '../../figures/smtp.ts'
import type { HopChange, NextHop, Store } from '../../verify/store.ts'
import { figureColumn, type SideBySideColumn, type SideBySideSpec } from '../side-by-side.ts'

/** What the next hop does during one of several loads. */
export interface HopSpan {
  readonly part: string
  readonly nextHop: NextHop
  /** In seconds after the first load's start. */
  readonly fromSeconds: number
  readonly seconds: number
}

/** What it does, for titles and tables; without words that are names of scenarios. */
export function describeNextHop(nextHop: NextHop): string {
  if (nextHop === 'takes') return 'takes each message'
  if (nextHop === 'away') return 'is away'
  return 'slowMs' in nextHop
    ? `takes ${nextHop.slowMs} ms to each message`
    : `puts off each recipient with ${nextHop.refusesWith}`
}

/** What is known of loads and their mail once all of them are over. */
export interface Observed {
  /** Start of the first load, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** Of all mail. */
  readonly delivery: DeliveryResult | undefined
  /** When the last message of each load arrived, after the start of the first; 0 where nothing did. */
  readonly lastArrivedMs: readonly number[]
}

/** Tells the next hop what to do when its time has come, and when it began. */
export class HopSchedule {
  readonly #spans: readonly HopSpan[]
  readonly #store: Pick<Store, 'behave' | 'name'>
  readonly #nowMs: () => number
  readonly #warn: (text: string) => void
  readonly #timers: NodeJS.Timeout[] = []
  readonly #changes: (HopChange | undefined)[] = []
  /** One change after another, however long each takes. */
  #last: Promise<void> = Promise.resolve()
  #failure: string | undefined

  constructor(
    spans: readonly HopSpan[],
    store: Pick<Store, 'behave' | 'name'>,
    { nowMs, warn }: { readonly nowMs: () => number; readonly warn: (text: string) => void },
  ) {
    this.#spans = spans
    this.#store = store
    this.#nowMs = nowMs
    this.#warn = warn
  }

  /** Of the load that starts first, on the clock of the schedule. */
  begin(startMs: number): void {
    for (const [index, { nextHop, fromSeconds }] of this.#spans.entries()) {
      const waitMs = startMs + fromSeconds * 1000 - this.#nowMs()
      this.#timers.push(setTimeout(() => this.#change(index, nextHop), Math.max(0, waitMs)))
    }
  }

  /** No further change; resolves once the last one is over. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#last
  }

  /** Why the next hop did not do as it was told, if it did not. */
  get failure(): string | undefined {
    return this.#failure
  }

  rows({ startedAtMs, delivery, lastArrivedMs }: Observed): NextHopRow[] {
    return this.#spans.map(({ part, nextHop, fromSeconds, seconds }, index) => {
      const since = this.#changes[index]?.atEpochMs
      const sinceMs = since === undefined ? undefined : Math.max(0, since - startedAtMs)
      const isBack = nextHop === 'takes' && index > 0 && this.#spans[index - 1]?.nextHop !== 'takes'
      const leftMs = Math.max(0, ...lastArrivedMs.slice(0, index)) - (sinceMs ?? 0)
      return {
        part,
        next_hop: describeNextHop(nextHop),
        from_seconds: fromSeconds,
        seconds,
        since_seconds: sinceMs === undefined ? null : secondsOf(sinceMs),
        ...meanwhile(delivery, fromSeconds, seconds),
        drain_seconds: isBack && sinceMs !== undefined ? secondsOf(Math.max(0, leftMs)) : null,
      }
    })
  }

  /** A relay that sends elsewhere is known after the first part, and else only when the wait for its mail is over. */
  #warnOfSilence(): void {
    const [before, after] = this.#changes
    const [first] = this.#spans
    if (first?.nextHop !== 'takes' || before === undefined || before.taken !== after?.taken) return
    this.#warn(
      `Nothing has come to ${this.#store.name} in the ${first.seconds} s of ${first.part}: does the relay send there? Its queue and its log say where it sends.`,
    )
  }

  #change(index: number, nextHop: NextHop): void {
    this.#last = this.#last.then(async () => {
      try {
        this.#changes[index] = await this.#store.behave?.(nextHop)
        if (index === 1) this.#warnOfSilence()
      } catch (error) {
        this.#failure ??= errorText(error)
      }
    })
  }
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1000
}

/** Of all mail, whenever it was acknowledged, in a span of the run. */
function meanwhile(
  delivery: DeliveryResult | undefined,
  fromSeconds: number,
  seconds: number,
): Pick<NextHopRow, 'delivered_per_second' | 'deepest_queue'> {
  const { timeline = [] } = delivery ?? {}
  if (timeline.length === 0) return { delivered_per_second: null, deepest_queue: null }
  const rows = timeline.filter(({ second }) => second >= fromSeconds && second < fromSeconds + seconds)
  const arrived = rows.reduce((sum, row) => sum + row.arrived, 0)
  // Behind the last arrival there are no rows, and nothing changes any more.
  const after = rows.length < seconds ? [timeline.at(-1)?.in_between ?? 0] : []
  return {
    delivered_per_second: arrived / seconds,
    deepest_queue: Math.max(0, ...rows.map(({ in_between: between }) => between), ...after),
  }
}

const smtp = (name: string, title?: string): SideBySideColumn => figureColumn(SMTP_FIGURES, name, title)

/** Of a part from what reached the next hop meanwhile, of all parts together from their own figures. */
function meanwhileColumn(
  name: keyof Pick<NextHopRow, 'delivered_per_second' | 'deepest_queue'>,
  whole: SideBySideColumn,
): SideBySideColumn {
  const of: SideBySideColumn['of'] = (result: Result, all) => {
    const [own, ...others] = result.next_hop ?? []
    return own === undefined || others.length > 0 ? whole.of(result, all) : own[name]
  }
  return { ...whole, of }
}

/** Compares the parts of a relay scenario. */
export const RELAY_TABLE: SideBySideSpec = {
  by: 'part',
  columns: [
    smtp('throughput', 'accepted/s'),
    meanwhileColumn('delivered_per_second', smtp('delivered_rate', 'delivered/s')),
    smtp('e2e_p(50)', 'e2e p50'),
    smtp('e2e_p(99)', 'e2e p99'),
    smtp('lost'),
    smtp('duplicated'),
    smtp('corrupted'),
    smtp('misrouted'),
    smtp('bounced'),
    meanwhileColumn('deepest_queue', smtp('deepest_queue', 'queue')),
  ],
  note: 'Delivered/s and queue (acknowledged and not arrived, at most) are of all mail while a part lasted. All else is of the mail that was accepted in it, whenever it was delivered.',
}
