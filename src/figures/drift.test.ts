import { describe, expect, it } from 'vitest'
import { Histogram } from '../engine/histogram.ts'
import type { Recording } from '../engine/recording.ts'
import type { ResourceUsage } from '../engine/result.ts'
import { driftOf, type Point, theilSen } from './drift.ts'

const line = (n: number, y: (x: number) => number): Point[] =>
  Array.from({ length: n }, (_, x) => ({ x, y: y(x) }))

describe('theilSen', () => {
  it('finds the slope of a line exactly', () => {
    expect(theilSen(line(20, (x) => 5 + 3 * x))).toEqual({ perX: 3, low: 3, high: 3 })
    expect(theilSen(line(20, () => 7))).toEqual({ perX: 0, low: 0, high: 0 })
  })

  it('is the median of the slopes of all pairs', () => {
    // (1−0)/1 = 1, (6−0)/2 = 3, (6−1)/1 = 5
    const points = [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
      { x: 2, y: 6 },
    ]
    expect(theilSen(points)).toEqual({ perX: 3, low: 1, high: 5 })
    // Additional pairs with (3, 3): 1, 1, −3; so −3 1 1 1 3 5.
    expect(theilSen([...points, { x: 3, y: 3 }])?.perX).toBe(1)
  })

  it('does not follow points that are wild', () => {
    const points = line(40, (x) => (x % 5 === 0 ? 1e6 : 2 * x))
    expect(theilSen(points)?.perX).toBeCloseTo(2, 1)
  })

  it('holds no slope where there is only noise', () => {
    const noise = [3, 9, 1, 7, 5, 2, 8, 4, 6, 0, 9, 3, 5, 1, 7, 4, 2, 8, 0, 6]
    const slope = theilSen(line(20, (x) => noise[x] ?? 0))
    expect(slope?.low).toBeLessThan(0)
    expect(slope?.high).toBeGreaterThan(0)
  })

  it('has the interval of Sen: of 45 slopes between ten points those of ranks 22 ± 10.96', () => {
    // C = 1.96·√(10·9·25/18) = 21.91; the slopes of x³ are i² + ij + j², sorted.
    expect(theilSen(line(10, (x) => x ** 3))).toEqual({ perX: 67, low: 36, high: 109 })
  })

  it('leaves pairs out that are of one moment', () => {
    const twice = [...line(3, (x) => x), { x: 1, y: 500 }]
    // 1, 1, 500 and −498, 1; the interval of four points takes in all of them.
    expect(theilSen(twice)).toEqual({ perX: 1, low: -498, high: 500 })
  })

  it('has none below three points', () => {
    expect(theilSen(line(2, (x) => x))).toBeUndefined()
    expect(theilSen(line(3, (x) => x))?.perX).toBe(1)
  })
})

function seconds(count: number, ms: (second: number) => number): Recording['seconds'] {
  return Array.from({ length: count }, (_, second) => {
    const histogram = new Histogram()
    for (let n = 0; n < 20; n++) histogram.record(ms(second))
    const responseTime = histogram.toSparse()
    const counts = { accepted: 20, deferred: 0, rejected: 0, failed: 0 }
    return { ...counts, started: 20, acceptedBytes: 0, sessionsOpened: 0, responseTime }
  })
}

function memory(count: number, bytes: (second: number) => number): ResourceUsage {
  const samples = Array.from({ length: count }, (_, second) => ({
    second,
    cpu_percent: 1,
    memory_bytes: bytes(second),
  }))
  const none = { min: 0, avg: 0, max: 0 }
  return { cpu_percent: none, memory_bytes: none, samples }
}

describe('driftOf', () => {
  it('tells p99 and the memory of each service per hour', () => {
    const drift = driftOf({
      windowMs: 1_800_000,
      recording: { seconds: seconds(1_800, (second) => 10 + second / 360) },
      resourceUsage: {
        leaking: memory(1_800, (second) => 5e7 + second * 1_000),
        steady: memory(1_800, (second) => 5e7 + (second % 7) * 1_000),
      },
    })
    const [p99, leaking, steady] = drift ?? []
    // 1 ms in 360 s is 10 ms per hour; the histogram is accurate to 0.1 %.
    expect(p99).toMatchObject({ of: 'response time p99', unit: 'ms', points: 115 })
    expect(p99?.per_hour).toBeCloseTo(10, 1)
    expect(leaking).toMatchObject({ of: 'memory of leaking', unit: 'bytes', per_hour: 3_600_000 })
    expect(steady?.per_hour).toBe(0)
  })

  it('leaves the warm-up out: a tenth of the run, and half of it until a heap has its size', () => {
    const cold = (second: number) => (second < 60 ? 500 - 8 * second : 10)
    const drift = driftOf({
      windowMs: 600_000,
      recording: { seconds: seconds(600, cold) },
      resourceUsage: { server: memory(600, (second) => Math.min(second, 300) * 1e6) },
    })
    expect(drift).toMatchObject([
      { per_hour: 0, from_second: 60 },
      { per_hour: 0, from_second: 300 },
    ])
  })

  it('says nothing of short runs, of those without a window, and of services without readings', () => {
    const recording = { seconds: seconds(300, () => 1) }
    expect(driftOf({ windowMs: 299_999, recording, resourceUsage: {} })).toBeUndefined()
    expect(driftOf({ windowMs: undefined, recording, resourceUsage: {} })).toBeUndefined()
    const drift = driftOf({ windowMs: 300_000, recording, resourceUsage: { gone: memory(3, () => 1) } })
    expect(drift?.map(({ of }) => of)).toEqual(['response time p99'])
  })

  // The first 30 of 300 s are warm-up, the rest is 90 intervals of 3 s; of memory the second half, 75 intervals of 2 s.
  const five = { windowMs: 300_000, recording: { seconds: seconds(300, () => 1) } }
  const memoryOf = (samples: readonly (readonly [second: number, bytes: number])[]) => {
    const { samples: _none, ...usage } = memory(0, () => 0)
    const read = samples.map(([second, bytes]) => ({ second, cpu_percent: 1, memory_bytes: bytes }))
    return driftOf({ ...five, resourceUsage: { server: { ...usage, samples: read } } })?.at(1)
  }
  const tenIntervals = Array.from({ length: 10 }, (_, n) => [150 + 2 * n, 300 * n] as const)

  it('has a point for each interval after the warm-up, to the last', () => {
    expect(driftOf({ ...five, resourceUsage: {} })).toMatchObject([{ of: 'response time p99', points: 90 }])
    expect(memoryOf([[299, 5], ...tenIntervals])).toMatchObject({ points: 11 })
  })

  it('tells the drift of ten intervals, and not of nine', () => {
    // 300 bytes in 2 s.
    expect(memoryOf(tenIntervals)).toMatchObject({ points: 10, per_hour: 540_000 })
    expect(memoryOf(tenIntervals.slice(1))).toBeUndefined()
  })

  it('counts no reading of the warm-up, nor of what comes after the window', () => {
    const more = [[0, 7], [149, 7], [300, 7], [400, 7], ...tenIntervals] as const
    expect(memoryOf(more)).toEqual(memoryOf(tenIntervals))
  })

  it('takes the median of the readings of an interval, the lower of two', () => {
    const three = tenIntervals.flatMap(([second, bytes]) => [
      [second, 1e9] as const,
      [second + 0.5, -second * second] as const,
      [second + 1, bytes] as const,
    ])
    expect(memoryOf(three)).toEqual(memoryOf(tenIntervals))
    const two = tenIntervals.flatMap(([second, bytes]) => [
      [second, 1e9] as const,
      [second + 1, bytes] as const,
    ])
    expect(memoryOf(two)).toEqual(memoryOf(tenIntervals))
  })

  it('has no point where no message ended, and none behind the last second that was recorded', () => {
    const silent = seconds(300, () => 1).map((second, n) =>
      Math.floor(n / 3) % 2 === 0 ? second : { ...second, responseTime: new Histogram().toSparse() },
    )
    expect(driftOf({ ...five, recording: { seconds: silent }, resourceUsage: {} })).toMatchObject([
      { points: 45 },
    ])
    const short = { seconds: seconds(150, () => 1) }
    expect(driftOf({ ...five, recording: short, resourceUsage: {} })).toMatchObject([{ points: 40 }])
  })
})
