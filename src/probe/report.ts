/** Format name of the probe's files; the number rises when a field changes its meaning. */
export const PROBE_FORMAT = 'mailstorm-probe/1'

export const PROBE_VERDICTS = ['conforms', 'deviates', 'not offered', 'unknown'] as const
export type ProbeVerdict = (typeof PROBE_VERDICTS)[number]

/** One check: what was sent, what came, and what that means. */
export interface ProbeRow {
  readonly id: string
  readonly title: string
  /** The RFC and its section. */
  readonly rfc: string
  readonly sent: string
  readonly came: string
  readonly verdict: ProbeVerdict
  /** What the verdict rests on, where the replies do not say it. */
  readonly note: string
}

/** What one server really does. */
export interface ProbeReport {
  readonly target: string
  readonly stamp: string
  readonly took_seconds: number
  /** How long was waited for what may never come. */
  readonly wait_seconds: number
  /** What the whole of it needs to be told: that the server was gone in the middle, or refused for a while. */
  readonly remarks?: readonly string[]
  /** Lines of the reply to EHLO after the first. */
  readonly extensions: readonly string[]
  readonly counts: Readonly<Record<ProbeVerdict, number>>
  readonly rows: readonly ProbeRow[]
}

/** A run of the probe over one or more servers: what its file holds. */
export interface ProbeResult {
  readonly format: typeof PROBE_FORMAT
  readonly stamp: string
  readonly targets: readonly ProbeReport[]
}
