import { expect, test } from 'vitest'
import { timelineRow } from '../../report/result-parts.fixture.ts'
import { LiveFeed } from './feed.ts'

const timelineFrom = (from: number) =>
  Array.from({ length: 20 }, (_, second) => timelineRow(second)).slice(from)
const at = (elapsedMs: number) => ({ timelineFrom, samples: {}, elapsedMs })

test('tells each second once, and only those that are whole', () => {
  const feed = new LiveFeed()
  const told = [900, 1900, 2000, 3100, 3200, 6050].map((ms) =>
    feed.next(at(ms)).timeline.map(({ second }) => second),
  )
  expect(told).toEqual([[], [], [0], [1], [], [2, 3, 4]])
})

test('asks for no more of the timeline than is new', () => {
  const asked: number[] = []
  const feed = new LiveFeed()
  for (const elapsedMs of [2500, 3500, 3600, 5500])
    feed.next({ samples: {}, elapsedMs, timelineFrom: (from) => timelineFrom(asked.push(from) && from) })
  expect(asked).toEqual([0, 1, 2])
})

test('tells each reading of a service once, also of one that came later', () => {
  const sample = (second: number) => ({ second, cpu_percent: 1, memory_bytes: 2 })
  const feed = new LiveFeed()
  const next = (samples: Record<string, number[]>) => {
    const given = Object.entries(samples).map(([name, seconds]) => [name, { samples: seconds.map(sample) }])
    const { resources } = feed.next({ timelineFrom, elapsedMs: 0, samples: Object.fromEntries(given) })
    return Object.entries(resources).map(([name, rows]) => [name, rows.map(({ second }) => second)])
  }
  expect(next({ a: [0, 1] })).toEqual([['a', [0, 1]]])
  expect(next({ a: [0, 1, 2], b: [2] })).toEqual([
    ['a', [2]],
    ['b', [2]],
  ])
})
