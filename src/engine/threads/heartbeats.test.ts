import { expect, test } from 'vitest'
import { Heartbeats, troubleText } from './watchdog.ts'

const LIMITS = { everyMs: 1_000, heartbeatMs: 3_000, overdueMs: 0, silenceMs: 0, graceMs: 0 }
const HANGS = [{ target: 1, phase: 'tls', sinceMs: 2_000 }]
const ALL = new Set([0, 1, 2])
const says = { targetNames: ['a', 'b'], nowMs: 43_000 }

function heartbeats() {
  const beats = new Heartbeats(LIMITS)
  const heard = (part: string, workers: number[], hanging?: typeof HANGS) =>
    beats.heard({ part, workers, ...(hanging === undefined ? {} : { hanging }) })
  return { beats, heard }
}

test('a thread that tells nothing any more is blocked, while the others go on', () => {
  const { beats, heard } = heartbeats()
  heard('1.1', [0, 2])
  const seen = [1, 2, 3, 4].map(() => {
    heard('2.1', [1])
    return beats.look(ALL)
  })
  expect(seen.slice(0, 3)).toEqual([undefined, undefined, undefined])
  expect(seen[3]).toEqual({ kind: 'blocked', threads: ['1.1'], workers: [0, 2] })
})

test('a thread that never told anything is blocked too', () => {
  const { beats, heard } = heartbeats()
  const seen = [1, 2, 3, 4].map(() => {
    heard('2.1', [1, 2])
    return beats.look(ALL)
  })
  expect(seen.at(-1)).toEqual({ kind: 'blocked', threads: [], workers: [0] })
})

test('threads whose workers have ended may be silent', () => {
  const { beats, heard } = heartbeats()
  heard('1.1', [0, 2])
  const seen = [1, 2, 3, 4, 5].map(() => {
    heard('2.1', [1])
    return beats.look(new Set([1]))
  })
  expect(seen.every((trouble) => trouble === undefined)).toBe(true)
})

test('a run hangs when all threads that have not ended say so', () => {
  const { beats, heard } = heartbeats()
  heard('1.1', [0, 2], HANGS)
  heard('2.1', [1])
  expect(beats.look(ALL)).toBeUndefined()
  expect(beats.look(new Set([0]))).toEqual({ kind: 'hangs', sessions: HANGS })
  heard('1.1', [0, 2])
  expect(beats.look(new Set([0]))).toBeUndefined()
})

test('says which sessions hang, where and for how long, and names the first five', () => {
  expect(troubleText({ kind: 'hangs', sessions: HANGS }, says)).toBe(
    'one session hangs beyond all time limits: b in phase tls for 41 s',
  )
  const many = Array.from({ length: 7 }, () => HANGS).flat()
  expect(troubleText({ kind: 'hangs', sessions: many }, says)).toMatch(
    /^7 sessions hang .* 41 s, and 2 more$/,
  )
  expect(troubleText({ kind: 'blocked', threads: ['3.1'], workers: [0, 4] }, says)).toBe(
    'sender thread 3.1 answers no more (worker 1, 5): its event loop is blocked, as by a hook that does not return, or it has ended',
  )
})
