import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Meeting, type MeetingClock } from '../../deploy/images/meeting.ts'

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
const WITHIN = { withinMs: 60_000 }
const TERMS = { takesMs: 2_000, leadMs: 10_000, ...WITHIN }

/** Both generators of two, from one meeting to the other; the second comes 3 s after the first. */
async function bothOf(secondTakesMs: number) {
  const second = meeting(1, 2, clockAt(5_000))
  let others: Promise<number> | undefined
  const clock = clockAt(1_000, async (now) => {
    if (now !== 4_000) return
    others = second.gather(WITHIN).then(() => second.agree({ ...TERMS, takesMs: secondTakesMs }))
    await new Promise((resolve) => setImmediate(resolve))
  })
  const first = meeting(0, 2, clock)
  await first.gather(WITHIN)
  return { start: await first.agree(TERMS), others: await others }
}

test('starts all generators at the same moment, the lead after the last one came', async () => {
  const { start, others } = await bothOf(2_000)
  expect(start).toBeGreaterThanOrEqual(14_000)
  expect(start).toBeLessThan(20_000)
  expect(others).toBe(start)
})

test('leaves twice the time that the slowest takes to get ready, where that is more than the lead', async () => {
  const { start, others } = await bothOf(15_000)
  expect(start).toBeGreaterThanOrEqual(34_000)
  expect(others).toBe(start)
})

test('says which generators did not come, or did not get ready, and does not start without them', async () => {
  const lonely = meeting(0, 3, clockAt(0))
  const missing = 'Failed to start together: generators 1, 2 were not there within 60 s.'
  await expect(lonely.gather(WITHIN)).rejects.toThrow(missing)
  await expect(lonely.agree(TERMS)).rejects.toThrow(missing)
  expect(await readdir(folder)).not.toContain('start')
})

test('gives up on a first generator that never says when', async () => {
  await expect(meeting(1, 2, clockAt(0)).agree(TERMS)).rejects.toThrow('generator 0 was not there')
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
