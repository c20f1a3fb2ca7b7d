/** Format name of the probe's files; the number goes up when a field changes its meaning. */
export const PROBE_FORMAT = 'mailstorm-probe/1'

export const PROBE_VERDICTS = ['conforms', 'deviates', 'not offered', 'unknown'] as const
export type ProbeVerdict = (typeof PROBE_VERDICTS)[number]

/** One check: what was sent, what came back, and what that means. */
export interface ProbeRow {
  readonly id: string
  readonly title: string
  /** RFC and section, as `RFC 5321 4.1.1.1`. */
  readonly rfc: string
  /** The commands sent, in one line. */
  readonly sent: string
  /** The replies, or what came instead of one, in one line. */
  readonly came: string
  readonly verdict: ProbeVerdict
  /** Reason for the verdict, when the replies alone do not show it. */
  readonly note: string
}

/** The probe of one server. */
export interface ProbeReport {
  readonly target: string
  readonly stamp: string
  readonly took_seconds: number
  /** How long the probe waits before it takes silence for "no answer", in seconds. */
  readonly wait_seconds: number
  /** Remarks on the whole report: the server went away in the middle, or refused connections for a while. */
  readonly remarks?: readonly string[]
  /** Extensions: the lines of the reply to EHLO after the first. */
  readonly extensions: readonly string[]
  readonly counts: Readonly<Record<ProbeVerdict, number>>
  readonly rows: readonly ProbeRow[]
}

/** One run of the probe over one or more servers, as its file holds it. */
export interface ProbeResult {
  readonly format: typeof PROBE_FORMAT
  readonly stamp: string
  readonly targets: readonly ProbeReport[]
}
