/** What one run of one client took: all it did between its first connect and its last goodbye. */
export interface Measurement {
  readonly messages: number
  readonly seconds: number
  /** User and system time of the whole client process. */
  readonly cpuSeconds: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Median (mean of the middle two when even), smallest and largest. Throws on an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.ceil((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined) throw new RangeError('no values to take the median of')
  return { median: (low + high) / 2, min: sorted[0] as number, max: sorted.at(-1) as number }
}

export function messagesPerSecond({ messages, seconds }: Measurement): number {
  return messages / seconds
}

export function cpuSecondsPerThousand({ messages, cpuSeconds }: Measurement): number {
  return (cpuSeconds / messages) * 1_000
}
