import { expect, test } from 'vitest'
import { FakeClock } from '../clock.fixture.ts'
import { type Activity, type SessionState, Silence, watchLimits } from './watchdog.ts'

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
  const plan = { timeoutMs: 30_000, recipients: ['a@example.com', 'b@example.com'], sizeBytes: 1_000_000 }
  expect(watchLimits(plan).silenceMs).toBe(2 * (27 * 30_000 + 10_000) + 10_000)
})
