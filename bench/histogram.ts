import { build } from 'hdr-histogram-js'
import { Histogram, mergeSparse, quantileMs, type SparseHistogram } from '../src/engine/histogram.ts'

/** Our histogram beside hdr-histogram-js (3 digits, JavaScript): cost of a record, of a merge, size as JSON. */
const SAMPLES = 5_000_000
const ROUNDS = 5

/** Latencies as servers have them: log-normal around 5 ms with a long tail. */
const values = Float64Array.from({ length: 4096 }, (_, i) => 5 * Math.exp(1.2 * gaussian(i)))

function gaussian(i: number): number {
  // Quantiles of the normal distribution, so that the data is the same in every run.
  const q = (i + 0.5) / 4096
  return Math.log(q / (1 - q)) / 1.702
}

function nsPerRecord(record: (ms: number) => void): number {
  const began = process.hrtime.bigint()
  for (let i = 0; i < SAMPLES; i++) record(values[i & 4095] as number)
  return Number(process.hrtime.bigint() - began) / SAMPLES
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number
}

const ours = new Histogram()
const hdr = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32,
  numberOfSignificantValueDigits: 3,
})
const oursNs: number[] = []
const hdrNs: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  oursNs.push(nsPerRecord((ms) => ours.record(ms)))
  hdrNs.push(nsPerRecord((ms) => hdr.recordValue(Math.round(ms * 1000))))
}

const sparse: SparseHistogram = ours.toSparse()
const mergeBegan = process.hrtime.bigint()
for (let i = 0; i < 1000; i++) mergeSparse(sparse, sparse)
const mergeMs = Number(process.hrtime.bigint() - mergeBegan) / 1e9

console.log(
  `record, ns (median of ${ROUNDS} × ${SAMPLES}): ours ${median(oursNs).toFixed(1)}, hdr ${median(hdrNs).toFixed(1)}`,
)
console.log(`ratio hdr / ours: ${(median(hdrNs) / median(oursNs)).toFixed(1)}`)
console.log(`merge of ${sparse.buckets.length / 2} buckets: ours ${mergeMs.toFixed(3)} ms`)
console.log(`as JSON: ours ${JSON.stringify(sparse).length} bytes`)
for (const q of [0.5, 0.99, 0.999]) {
  const exact = hdr.getValueAtPercentile(q * 100) / 1000
  console.log(`q ${q}: ours ${quantileMs(sparse, q).toFixed(3)} ms, hdr ${exact.toFixed(3)} ms`)
}
