/** What only some results have: shares of a load, runs beside each other, drift, the search for a limit. */

/** A name among the targets, which stood for these addresses from before the first message to the last. */
export interface NameLookup {
  readonly host: string
  /** All that were answered, each checked; in the order in which connections try them. */
  readonly addresses: readonly string[]
  /** How long the name server took; in no other figure. */
  readonly lookup_ms: number
}

/** What the environment put in the place of a scenario's own load. */
export interface OverriddenResult {
  readonly load: readonly OverrideResult[]
  /** Whose thresholds judged the run: the scenario's own, which were made for its own load, or given ones. */
  readonly thresholds: 'own' | 'given'
}

export interface OverrideResult {
  /** As STRESS_MESSAGES. */
  readonly variable: string
  /** What the scenario says; null where it says nothing. */
  readonly own: string | number | null
  readonly value: string | number | null
}

/** One generator's part of a load that several offer together; `mailstorm merge` puts them together. */
export interface SplitResult {
  readonly generators: number
  /** 0-based. */
  readonly index: number
  /** The same for all generators of the run; each one's `run_id` is this and `g<index>`. */
  readonly shared_run_id: string
  /** When all were to start; null when nothing was agreed. By each machine's own wall clock. */
  readonly agreed_start: string | null
  /** When this one did, to the millisecond. */
  readonly started_at: string
  /** How long after the agreed start; null when nothing was agreed. */
  readonly start_late_ms: number | null
}

/** What `mailstorm merge` put together. */
export interface MergedFrom {
  /** That the run had; some of them may be missing here. */
  readonly generators: number
  /** Between the first start and the last one, by the wall clocks of their machines. */
  readonly start_skew_ms: number
  readonly parts: readonly MergedPart[]
}

export interface MergedPart extends Pick<SplitResult, 'index' | 'started_at' | 'start_late_ms'> {
  readonly run_id: string
  readonly after_first_ms: number
  readonly total_messages: number
  readonly messages_per_second: number
}

export type FigureUnit = 'count' | 'ms' | 'seconds' | 'per_second' | 'share' | 'factor'

/** Runs of one scenario, or parts of one run, beside each other: one row each. */
export interface SideBySide {
  /** What differs from row to row, as `servers`; the title of the first column. */
  readonly by: string
  readonly columns: readonly { readonly name: string; readonly unit: FigureUnit }[]
  /** Values in the order of the columns; null where there was nothing to measure. */
  readonly rows: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
  /** How to read it, in a sentence. */
  readonly note: string
}

/** A robust slope over the run (Theil-Sen), with the bounds that hold it in 95 of 100 cases. */
export interface DriftResult {
  /** `response time p99`, or `memory of smtp-server-2`. */
  readonly of: string
  readonly unit: 'ms' | 'bytes'
  readonly per_hour: number
  readonly low_per_hour: number
  readonly high_per_hour: number
  /** Intervals of the run it was fitted to, after the warm-up. */
  readonly points: number
}

/** One rate that a breakpoint search has tried. */
export interface SearchStep {
  readonly rate_per_second: number
  readonly held: boolean
  /** The thresholds that were missed; empty when it held. */
  readonly missed: readonly string[]
  readonly p99_ms: number | null
  readonly success_rate: number
  readonly throughput: number
  readonly generator_bound: boolean
}

/** The highest rate that holds, as a search found it. */
export interface SearchResult {
  /** Highest rate that held when it was confirmed; null when even the first did not. */
  readonly rate_per_second: number | null
  /** Lowest rate that broke; null when none did up to the highest allowed. */
  readonly broke_at_per_second: number | null
  /** What must hold, and for how many seconds. */
  readonly holds: readonly string[]
  readonly seconds: number
  readonly confidence: 'high' | 'low'
  /** Why it ended, and how sure it is, in a sentence. */
  readonly why: string
  readonly steps: readonly SearchStep[]
}
