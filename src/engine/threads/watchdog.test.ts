import { expect, test } from 'vitest'
import { FakeClock } from '../clock.fixture.ts'
import {
  type Activity,
  Heartbeats,
  type SessionState,
  Silence,
  troubleText,
  watchLimits,
} from './watchdog.ts'

const LIMITS = { everyMs: 1_000, overdueMs: 10_000, silenceMs: 100_000, heartbeatMs: 0, graceMs: 0 }
const session = (changes: Partial<SessionState> = {}): SessionState => ({
  target: 0,
  phase: 'tls',
  sinceMs: 0,
  limitMs: 5_000,
  ...changes,
})

/** Looks once a second until it says what hangs, or the time is over. */
async function looks(untilMs: number, activityAt: (ms: number) => Partial<Activity>) {
  const clock = new FakeClock()
  const silence = new Silence(clock, LIMITS)
  for (let atMs = 1_000; atMs <= untilMs; atMs += 1_000) {
    await clock.advanceTo(atMs)
    const hanging = silence.look({ progress: 0, waits: false, sessions: [], ...activityAt(atMs) })
    if (hanging !== undefined) return { atMs, hanging }
  }
  return undefined
}

test('a session that is past its time limit by the margin hangs, with its phase and since when', async () => {
  const found = await looks(60_000, () => ({ waits: true, sessions: [session()] }))
  expect(found).toEqual({ atMs: 16_000, hanging: [{ target: 0, phase: 'tls', sinceMs: 0 }] })
})

test('nothing hangs while a session still has time, rests, or anything comes to an end', async () => {
  const late = session()
  expect(await looks(90_000, () => ({ sessions: [late, session({ limitMs: 1e6 })] }))).toBeUndefined()
  expect(await looks(500_000, () => ({ sessions: [session({ limitMs: Infinity })] }))).toBeUndefined()
  expect(await looks(500_000, (ms) => ({ waits: true, progress: ms, sessions: [late] }))).toBeUndefined()
  expect(await looks(500_000, () => ({ waits: false }))).toBeUndefined()
})

test('goes through the sessions only where nothing has come to an end for a while', async () => {
  let times = 0
  const counted = {
    *[Symbol.iterator]() {
      times++
      yield session({ limitMs: 1e6 })
    },
  }
  await looks(60_000, (ms) => ({ progress: ms, sessions: counted }))
  expect(times).toBe(0)
  await looks(12_000, () => ({ sessions: counted }))
  expect(times).toBe(2)
})

test('messages that wait outside of any session hang when all time limits together are over', async () => {
  expect(await looks(500_000, () => ({ waits: true }))).toEqual({ atMs: 101_000, hanging: [] })
})

test('a thread that was blocked has not been silent', async () => {
  const clock = new FakeClock()
  const silence = new Silence(clock, LIMITS)
  await clock.advanceTo(300_000)
  expect(silence.look({ progress: 0, waits: true, sessions: [session()] })).toBeUndefined()
})

test('the limit of a message is more than all its phases may take on two sessions', () => {
  const plan = {
    replyTimeoutMs: 30_000,
    mail: { sender: 's@example.com', recipients: ['a@example.com', 'b@example.com'], sizeBytes: 1_000_000 },
  }
  expect(watchLimits(plan).silenceMs).toBe(2 * (27 * 30_000 + 10_000) + 10_000)
})

const HEARTBEAT_LIMITS = { everyMs: 1_000, heartbeatMs: 3_000, overdueMs: 0, silenceMs: 0, graceMs: 0 }
const HANGS = [{ target: 1, phase: 'tls', sinceMs: 2_000 }]
const ALL = new Set([0, 1, 2])
const says = { targetNames: ['a', 'b'], nowMs: 43_000 }

function heartbeats() {
  const beats = new Heartbeats(HEARTBEAT_LIMITS)
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
    'one session hangs past every time limit: b in phase tls for 41 s',
  )
  const many = Array.from({ length: 7 }, () => HANGS).flat()
  expect(troubleText({ kind: 'hangs', sessions: many }, says)).toMatch(
    /^7 sessions hang .* 41 s, and 2 more$/,
  )
  expect(troubleText({ kind: 'blocked', threads: ['3.1'], workers: [0, 4] }, says)).toBe(
    'sender thread 3.1 no longer answers (worker 1, 5): its event loop is blocked, for example by a hook that never returns, or it has died',
  )
})
