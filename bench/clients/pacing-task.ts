export interface PacedTask {
  readonly port: number
  readonly ratePerSecond: number
  readonly seconds: number
}

export interface PacedRun {
  readonly messages: number
  /** Start of the last message after the start of the run. */
  readonly lastStartMs: number
  /** How late messages started although a session was free. */
  readonly lagP50Ms: number
  readonly lagP99Ms: number
  /** CPU time of the thread as a share of the run's length. */
  readonly cpuShare: number
}

/** Achieved rate in relation to the one asked for, minus 1; the last of n messages is due at (n − 1) / rate. */
export function rateError(
  { messages, lastStartMs }: Pick<PacedRun, 'messages' | 'lastStartMs'>,
  ratePerSecond: number,
): number {
  return (messages - 1) / (lastStartMs / 1_000) / ratePerSecond - 1
}
