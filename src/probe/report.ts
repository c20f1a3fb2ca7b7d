/** Format name of the probe's files; the number goes up when a field changes its meaning. */
export const PROBE_FORMAT = 'mailstorm-probe/1'

export const PROBE_VERDICTS = ['conforms', 'deviates', 'not offered', 'unknown'] as const
/** Verdict on one check. `unknown`: the conversation did not get that far, or silence was not waited out. */
export type ProbeVerdict = (typeof PROBE_VERDICTS)[number]

/** One check: what was sent, what came back, and what that means. */
export interface ProbeRow {
  /** Identifier of the check, such as `ehlo`. */
  readonly id: string
  /** What was checked: `EHLO: its domain and the extensions`. */
  readonly title: string
  /** RFC and section, as `RFC 5321 4.1.1.1`. */
  readonly rfc: string
  /** The commands sent, in one line. */
  readonly sent: string
  /** The replies, or what came instead of one, in one line. */
  readonly came: string
  /** What the replies mean. */
  readonly verdict: ProbeVerdict
  /** Reason for the verdict, when the replies alone do not show it. */
  readonly note: string
}

/** The probe of one server. */
export interface ProbeReport {
  /** The server, as `host:port`. */
  readonly target: string
  /** Start of the probe in UTC: `20261130-071726`. */
  readonly stamp: string
  /** How long it took, in seconds. */
  readonly took_seconds: number
  /** How long it waited before it took silence for "no answer", in seconds (`STRESS_PROBE_WAIT`). */
  readonly wait_seconds: number
  /** Remarks on the whole report: the server went away in the middle, or refused connections for a while. */
  readonly remarks?: readonly string[]
  /** Extensions: the lines of the reply to EHLO after the first. */
  readonly extensions: readonly string[]
  /** Number of checks by verdict. */
  readonly counts: Readonly<Record<ProbeVerdict, number>>
  /** The checks, in order. */
  readonly rows: readonly ProbeRow[]
}

/** One run of the probe over one or more servers, as its file holds it. */
export interface ProbeResult {
  readonly format: typeof PROBE_FORMAT
  readonly stamp: string
  readonly targets: readonly ProbeReport[]
}
