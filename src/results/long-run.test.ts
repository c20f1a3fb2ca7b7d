import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Result, TimelineRow } from '../engine/result.ts'
import { burstResult } from '../report/result.fixture.ts'
import { latencies, timelineRow } from '../report/result-parts.fixture.ts'
import { readRunFile } from './result-files.ts'
import { readHead, resultJson, secondBySecond } from './result-json.ts'

const WEEK_SECONDS = 7 * 24 * 3600

function timelineOf(seconds: number): TimelineRow[] {
  const calm = latencies(50, 12)
  const bad = latencies(50, 9000)
  return Array.from({ length: seconds }, (_, second) => ({
    ...timelineRow(0),
    ...{ second, accepted: second % 10, in_flight: second, queued: 0, started: 5 },
    response_time_ms: second === 1000 ? bad : calm,
  }))
}

/** Five servers, watched throughout. */
function run(timeline: readonly TimelineRow[]): Result {
  const usage = burstResult().resource_usage['smtp-server-1']
  if (usage === undefined) throw new Error('the fixture watches no server')
  const samples = timeline.map(({ second }) => ({
    second,
    cpu_percent: second % 3,
    memory_bytes: 1e8 + second,
  }))
  const names = [1, 2, 3, 4, 5].map((n) => `smtp-server-${n}`)
  return burstResult({
    timeline,
    resource_usage: Object.fromEntries(names.map((name) => [name, { ...usage, samples }])),
  })
}

const total = (rows: readonly TimelineRow[], of: 'accepted' | 'started') =>
  rows.reduce((sum, row) => sum + row[of], 0)

test('a week of five servers is written in less than 100 MB, and read back second by second', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const timeline = timelineOf(WEEK_SECONDS)
  const text = resultJson(run(timeline))
  expect(text.length).toBeLessThan(100_000_000)
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-week-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'week.json')
  await writeFile(path, text)
  expect(await readHead(path)).not.toHaveProperty('timeline')

  const { json, view } = await readRunFile(path)
  const read = (json as Result).timeline
  expect(read).toHaveLength(WEEK_SECONDS)
  expect(read.map(({ second }) => second).every((second, place) => second === place)).toBe(true)
  expect(total(read, 'accepted')).toBeCloseTo(total(timeline, 'accepted'), 0)
  expect(total(read, 'started')).toBeCloseTo(total(timeline, 'started'), 0)
  expect(read.reduce((most, { in_flight }) => Math.max(most, in_flight), 0)).toBe(WEEK_SECONDS - 1)
  // The one bad second is still the worst.
  expect(read[1000]?.response_time_ms.max).toBe(latencies(50, 9000).max)
  expect(view.per_second).toHaveLength(WEEK_SECONDS)
})

test('a day is kept second by second, as it was', () => {
  const day = run(timelineOf(24 * 3600))
  expect((JSON.parse(resultJson(day)) as Result).timeline).toEqual(day.timeline)
})

test('of a pressure run counts add up, gauges are of the end, and what was not read stays unknown', () => {
  const row = (second: number) => ({
    ...{ second, delivered: 3, pending: second % 2 === 0 ? null : second, deferred: null },
    sent_by_account: second === 0 ? { a: 1 } : { a: 1, b: 2 },
  })
  const timeline = Array.from({ length: 2 * 86_400 }, (_, second) => row(second))
  const [first] = (JSON.parse(resultJson({ timeline })) as { timeline: unknown[] }).timeline
  expect(first).toEqual({
    ...{ second: 0, seconds: 2, delivered: 6, pending: 1, deferred: null },
    sent_by_account: { a: 2, b: 2 },
  })
  expect(secondBySecond({ timeline: [first] })).toEqual({
    timeline: [0, 1].map((second) => ({
      ...{ second, delivered: 3, pending: 1, deferred: null },
      sent_by_account: { a: 1, b: 1 },
    })),
  })
})

test.for([[0], [-1], [1e12], ['7'], [null]])(
  'a row of %j seconds, as nobody writes it, stays as it is',
  ([seconds]) => {
    const json = { timeline: [{ second: 0, seconds, accepted: 1 }] }
    expect(secondBySecond(json)).toEqual(json)
  },
)
