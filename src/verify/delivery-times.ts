import { Histogram, type LatencySummary, type SparseHistogram, summarise } from '../engine/histogram.ts'
import type { DeliveryRow } from '../engine/result.ts'
import type { TimedDelivery } from './account.ts'

/** Rows of a timeline at most; a longer run has rows of several seconds. */
const MOST_ROWS = 3_600

/** Times from acknowledgement to arrival: 12 bytes for each message and recipient. */
export class DeliveryTimes {
  readonly #all = new Histogram()
  readonly #targets: readonly Histogram[]
  #arrivedMs: Float64Array
  #endToEndMs: Float32Array
  #count = 0
  #lastAcknowledgedMs = 0
  #lastArrivedMs = 0

  /** `expected`: how many there may be; it grows beyond that. */
  constructor(targets: number, expected: number) {
    this.#targets = Array.from({ length: targets }, () => new Histogram())
    this.#arrivedMs = new Float64Array(expected)
    this.#endToEndMs = new Float32Array(expected)
  }

  /** A message that arrived before it was acknowledged took no time. */
  add({ target, acknowledgedMs, arrivedMs }: TimedDelivery): void {
    if (this.#count === this.#arrivedMs.length) this.#grow()
    const endToEndMs = Math.max(0, arrivedMs - acknowledgedMs)
    this.#arrivedMs[this.#count] = arrivedMs
    this.#endToEndMs[this.#count] = endToEndMs
    this.#count++
    this.#all.record(endToEndMs)
    this.#targets[target]?.record(endToEndMs)
    this.#lastArrivedMs = Math.max(this.#lastArrivedMs, arrivedMs)
  }

  get count(): number {
    return this.#count
  }

  get histogram(): SparseHistogram {
    return this.#all.toSparse()
  }

  get ofTargets(): readonly LatencySummary[] {
    return this.#targets.map((histogram) => summarise(histogram.toSparse()))
  }

  /** When the last message arrived, after the start of the run; 0 when none did. */
  get lastArrivedMs(): number {
    return this.#lastArrivedMs
  }

  /** When the last one was acknowledged, once the timeline has been made. */
  get lastAcknowledgedMs(): number {
    return this.#lastAcknowledgedMs
  }

  /** `acknowledgements`: calls back with each acknowledgement: when, and how many recipients. */
  timeline(acknowledgements: (tell: (ms: number, recipients: number) => void) => void): DeliveryRow[] {
    const perSecond: number[] = []
    acknowledgements((ms, recipients) => {
      const second = Math.floor(ms / 1000)
      perSecond[second] = (perSecond[second] ?? 0) + recipients
      this.#lastAcknowledgedMs = Math.max(this.#lastAcknowledgedMs, ms)
    })
    const length = Math.max(perSecond.length, Math.floor(this.#lastArrivedMs / 1000) + 1)
    const seconds = Math.ceil(length / MOST_ROWS)
    const rows: DeliveryRow[] = []
    const order = this.#inOrder()
    const times = new Histogram()
    let [next, between] = [0, 0]
    for (let second = 0; second < length; second += seconds) {
      let acknowledged = 0
      for (let at = second; at < second + seconds; at++) acknowledged += perSecond[at] ?? 0
      times.reset()
      const endMs = (second + seconds) * 1000
      for (; next < order.length && (this.#arrivedMs[order[next] ?? 0] ?? 0) < endMs; next++)
        times.record(this.#endToEndMs[order[next] ?? 0] ?? 0)
      between += acknowledged - times.count
      rows.push({
        second,
        ...(seconds === 1 ? {} : { seconds }),
        acknowledged,
        arrived: times.count,
        in_between: Math.max(0, between),
        end_to_end_ms: summarise(times.toSparse()),
      })
    }
    return rows
  }

  #inOrder(): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index)
    return order.sort((a, b) => (this.#arrivedMs[a] ?? 0) - (this.#arrivedMs[b] ?? 0))
  }

  #grow(): void {
    const length = Math.max(1024, 2 * this.#count)
    const [arrivedMs, endToEndMs] = [new Float64Array(length), new Float32Array(length)]
    arrivedMs.set(this.#arrivedMs)
    endToEndMs.set(this.#endToEndMs)
    this.#arrivedMs = arrivedMs
    this.#endToEndMs = endToEndMs
  }
}
