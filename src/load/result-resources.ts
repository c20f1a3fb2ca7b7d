export interface MinAvgMax {
  readonly min: number
  readonly avg: number
  readonly max: number
}

export interface ResourceSample {
  readonly second: number
  readonly cpu_percent: number
  readonly memory_bytes: number
  /** Over the service's network in this second; absent where that cannot be told (embedded services). */
  readonly received_bytes?: number
  readonly sent_bytes?: number
}

export interface ResourceUsage {
  /** CPU in percent of one core (200 = two cores busy). */
  readonly cpu_percent: MinAvgMax
  readonly memory_bytes: MinAvgMax
  /** Over the service's network, all samples together. */
  readonly network?: { readonly received_bytes: number; readonly sent_bytes: number }
  readonly samples: readonly ResourceSample[]
}
