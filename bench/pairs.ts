import type { BurstOrder } from './clients/bursts.ts'
import type { Client, SomeShape } from './clients/list.ts'
import { type SenderProcess, startEngine, startFloor, warmUp } from './clients/sender-process.ts'
import { cpuSecondsPerThousand, type Measurement, messagesPerSecond, spreadOf } from './measurement.ts'
import { table } from './report.ts'
import type { Tree } from './tree.ts'

/** Two engines, of which one is of an earlier commit, and the bare script: they send the same bursts in turn. */
export interface PairOptions {
  readonly before: Tree
  readonly shapes: readonly SomeShape[]
  readonly port: number
  readonly sizeBytes: number
  readonly pairs: number
  /** Messages of a burst in lock-step; the other shapes send their share of it. */
  readonly messages: number
  readonly onPair?: (text: string) => void
}

export interface Pair {
  readonly now: Measurement
  readonly before: Measurement
  /** The bare script, beside both. */
  readonly floor: Measurement
}

export interface PairRow {
  readonly name: Client['name']
  readonly pairs: readonly Pair[]
}

/** Issue 11: the engine is not slower than before, but for what cannot be told from noise. */
export const LEAST_RATIO = 0.97

interface Engines {
  readonly now: SenderProcess
  readonly then: SenderProcess
  readonly floor: SenderProcess
}

/**
 * Both engines stay in processes of their own and send bursts of a fraction of a second in turn, now
 * the one first, then the other: what else the machine does hits both bursts of a pair alike.
 */
export async function measurePairs(options: PairOptions): Promise<PairRow[]> {
  const { before, port, sizeBytes, pairs, onPair } = options
  await using now = await startEngine()
  await using then = await startEngine(before.url)
  await using floor = await startFloor()
  const rows: PairRow[] = []
  for (const { name, share, shape } of options.shapes) {
    const order = {
      shape: { port, sizeBytes, ...shape },
      messages: Math.ceil(options.messages * share),
    }
    for (const sender of [now, then, floor]) await warmUp(sender, order)
    const measured: Pair[] = []
    for (let pair = 0; pair < pairs; pair++)
      measured.push(await inTurn({ now, then, floor }, order, pair % 2 === 0))
    rows.push({ name, pairs: measured })
    onPair?.(`${name}: ${pairs} pairs of ${order.messages} messages`)
  }
  return rows
}

async function inTurn({ now, then, floor }: Engines, order: BurstOrder, first: boolean): Promise<Pair> {
  const both = first ? [now, then] : [then, now]
  const [one, other] = [await both[0]?.send(order), await both[1]?.send(order)] as [Measurement, Measurement]
  const pair = first ? { now: one, before: other } : { now: other, before: one }
  return { ...pair, floor: await floor.send(order) }
}

/** The medians of the pairs' ratios, with the middle half of them, and what the engine of now took. */
export function pairTable(rows: readonly PairRow[]): string {
  return table(
    [
      'now / before',
      ...['messages/s', 'middle half', 'CPU per message', 'middle half', 'CPU s per 1,000'],
      ...['CPU / floor', 'before / floor', ''],
    ],
    rows.map(({ name, pairs }) => {
      const rate = pairs.map(({ now, before }) => messagesPerSecond(now) / messagesPerSecond(before))
      const cpu = pairs.map(cpuRatio)
      const toFloor = (side: 'now' | 'before') =>
        twoDigits(
          spreadOf(pairs.map((pair) => cpuSecondsPerThousand(pair[side]) / cpuSecondsPerThousand(pair.floor)))
            .median,
        )
      return [
        name,
        ...[rate, cpu].flatMap((ratios) => [twoDigits(spreadOf(ratios).median), middleHalf(ratios)]),
        spreadOf(pairs.map(({ now }) => cpuSecondsPerThousand(now))).median.toFixed(4),
        ...[toFloor('now'), toFloor('before')],
        isNotSlower(pairs) ? 'ok' : 'slower',
      ]
    }),
  )
}

/** By the time that it takes of a processor: the rate is also the server's, and the machine's. */
export function isNotSlower(pairs: readonly Pick<Pair, 'now' | 'before'>[]): boolean {
  return 1 / spreadOf(pairs.map(cpuRatio)).median >= LEAST_RATIO
}

function cpuRatio({ now, before }: Pick<Pair, 'now' | 'before'>): number {
  return cpuSecondsPerThousand(now) / cpuSecondsPerThousand(before)
}

function middleHalf(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b)
  const cut = Math.floor(sorted.length / 4)
  const { min, max } = spreadOf(sorted.slice(cut, sorted.length - cut))
  return `${twoDigits(min)}–${twoDigits(max)}`
}

const twoDigits = (value: number) => value.toFixed(2)
