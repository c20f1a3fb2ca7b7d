import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Meeting, type MeetingClock } from './meeting.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meeting-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Its waiting takes no time; what happens meanwhile can be said. */
function clockAt(epochMs: number, meanwhile: (nowMs: number) => Promise<unknown> = async () => {}) {
  let now = epochMs
  const clock: MeetingClock = {
    nowEpochMs: () => now,
    async wait(ms) {
      now += ms
      await meanwhile(now)
    },
  }
  return clock
}

const meeting = (index: number, generators: number, clock: MeetingClock) =>
  new Meeting({ folder, index, generators, clock })
const LIMITS = { leadMs: 10_000, withinMs: 60_000 }

test('starts all generators at the same moment, the lead after the last one came', async () => {
  const second = meeting(1, 2, clockAt(5_000))
  let others: Promise<number> | undefined
  const first = meeting(
    0,
    2,
    clockAt(1_000, async (now) => {
      // Comes 3 s after the first, and is left to find the start by itself.
      if (now === 4_000) others = second.agree(LIMITS)
      if (now === 4_000) await new Promise((resolve) => setImmediate(resolve))
    }),
  )
  const start = await first.agree(LIMITS)
  expect(start).toBeGreaterThanOrEqual(14_000)
  expect(await others).toBe(start)
})

test('says which generators did not come, and does not start without them', async () => {
  await expect(meeting(0, 3, clockAt(0)).agree(LIMITS)).rejects.toThrow(
    'Failed to start together: generators 1, 2 were not there within 60 s.',
  )
  expect(await readdir(folder)).not.toContain('start')
})

test('gives up on a first generator that never says when', async () => {
  await expect(meeting(1, 2, clockAt(0)).agree(LIMITS)).rejects.toThrow('generator 0 was not there')
})

test('names those who have not ended by the time limit', async () => {
  for (const index of [0, 2]) {
    const own = meeting(index, 4, clockAt(0))
    await own.end()
  }
  expect(await meeting(0, 4, clockAt(0)).notEnded(5_000)).toEqual([1, 3])
})

test('does not wait once all have ended', async () => {
  const waited: number[] = []
  const clock = clockAt(0, async (now) => waited.push(now))
  await meeting(0, 1, clock).end()
  expect(await meeting(0, 1, clock).notEnded(5_000)).toEqual([])
  expect(waited).toEqual([])
})
