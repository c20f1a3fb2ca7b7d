import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CutFinder, LaneTimes } from './lane.ts'
import type { LanePlan } from './plans.ts'

const half = () => 0.5

test.each<[string, LanePlan, [nowMs: number, bytes: number][], number[]]>([
  [
    'a lane without faults delivers at once',
    {},
    [
      [0, 1000],
      [5, 1],
    ],
    [0, 5],
  ],
  [
    'a delay shifts each piece by itself',
    { delayMs: 20 },
    [
      [0, 1],
      [1, 1],
      [100, 1],
    ],
    [20, 21, 120],
  ],
  ['jitter is added by chance', { delayMs: 20, jitterMs: 10 }, [[0, 1]], [25]],
  [
    'a slow line carries one piece after another',
    { bytesPerSecond: 1000 },
    [
      [0, 100],
      [0, 50],
      [10, 50],
    ],
    [100, 150, 200],
  ],
  [
    'a slow line that was idle begins anew',
    { bytesPerSecond: 1000 },
    [
      [0, 100],
      [500, 100],
    ],
    [100, 600],
  ],
  [
    'the delay comes after the slow line',
    { bytesPerSecond: 1000, delayMs: 7 },
    [
      [0, 100],
      [0, 100],
    ],
    [107, 207],
  ],
])('%s', (_title, plan, pieces, due) => {
  const times = new LaneTimes(plan, half)
  expect(pieces.map(([nowMs, bytes]) => times.dueMs(nowMs, bytes))).toEqual(due)
})

test('no jitter lets an octet overtake an earlier one', () => {
  const chances = [0.9, 0.1, 0.5]
  const times = new LaneTimes({ jitterMs: 100 }, () => chances.shift() ?? 0)
  expect([0, 1, 60].map((nowMs) => times.dueMs(nowMs, 1))).toEqual([90, 90, 110])
})

test('reports how long the line is busy, and pieces worth 20 ms', () => {
  const times = new LaneTimes({ bytesPerSecond: 1000, delayMs: 500 }, half)
  times.dueMs(0, 300)
  expect([times.backlogMs(0), times.backlogMs(100), times.backlogMs(400)]).toEqual([300, 200, 0])
  expect(times.pieceBytes).toBe(20)
})

/** Everything that passes of a stream in these chunks. */
function passes(finder: CutFinder, chunks: readonly string[]): { passed: string; reached: boolean } {
  let passed = ''
  for (const chunk of chunks) {
    const { pass, reached } = finder.push(Buffer.from(chunk, 'latin1'))
    passed += pass.toString('latin1')
    if (reached) return { passed, reached }
  }
  return { passed: passed + finder.rest().toString('latin1'), reached: false }
}

/** A text cut into chunks at the given positions. */
function chunked(text: string, at: readonly number[]): string[] {
  const places = [0, ...at.map((place) => place % (text.length + 1)), text.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

test.each([
  [['hello', ' world'], 7, 'hello w', true],
  [['hello'], 5, 'hello', true],
  [['hello'], 6, 'hello', false],
  [['hello'], 0, '', true],
])('of %j exactly %i octets pass', (chunks, bytes, passed, reached) => {
  expect(passes(new CutFinder({ bytes }), chunks)).toEqual({ passed, reached })
})

test('counts a text only behind another, whatever the chunks are', () => {
  const stream = '250 hello\r\n354 go\r\n250 taken\r\n'
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
      const finder = new CutFinder({ text: '250', behind: '354' })
      expect(passes(finder, chunked(stream, places))).toEqual({
        passed: '250 hello\r\n354 go\r\n',
        reached: true,
      })
    }),
  )
})

test('passes exactly what comes before the text however the stream is chunked, and everything without it', () => {
  const alphabet = fc.constantFrom('a', 'b', '\r', '\n', '.')
  const text = fc.string({ unit: alphabet, minLength: 1, maxLength: 4 })
  const stream = fc.string({ unit: alphabet, maxLength: 40 })
  fc.assert(
    fc.property(stream, text, fc.array(fc.nat(), { maxLength: 8 }), (all, searched, places) => {
      const at = all.indexOf(searched)
      const expected =
        at === -1 ? { passed: all, reached: false } : { passed: all.slice(0, at), reached: true }
      expect(passes(new CutFinder({ text: searched }), chunked(all, places))).toEqual(expected)
    }),
  )
})
