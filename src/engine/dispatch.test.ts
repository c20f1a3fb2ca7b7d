import { describe, expect, it } from 'vitest'
import { FakeClock } from './clock.fixture.ts'
import { DispatchInVirtualTime } from './dispatch.fixture.ts'
import { Dispatch } from './dispatch.ts'
import { createPacer } from './executors/registry.ts'

const perSecond = (ratePerSecond: number, durationSeconds: number) =>
  ({ executor: 'constant-arrival-rate', ratePerSecond, durationSeconds }) as const
const shared = (messages: number) => ({ executor: 'shared-iterations', messages }) as const

describe('open model', () => {
  it('hands out each message at the millisecond at which it is due', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(4, 1), serviceMs: 1, startMs: 1_000 })
    const joined = run.join(1)
    await run.clock.advanceTo(999)
    expect(run.starts).toEqual([])
    await run.clock.advanceTo(3_000)
    expect(run.starts).toEqual(['0@1000', '1@1250', '2@1500', '3@1750'])
    expect(joined.ended).toBe(true)
    expect(run.lagsMs).toEqual([0, 0, 0, 0])
  })

  it('lets a message wait when all lanes are busy, due when it was, with no lag of the generator', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.4), serviceMs: 250 })
    run.join(1)
    await run.clock.advanceTo(2_000)
    expect(run.starts).toEqual(['0@0', '1@250', '2@500', '3@750'])
    expect(run.taken.map(({ dueMs }) => dueMs)).toEqual([0, 100, 200, 300])
    expect(run.lagsMs).toEqual([])
  })

  it('opens further lanes when a message is due and all are busy, up to the limit', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.5), serviceMs: 1_000 })
    run.join(1, 3)
    await run.clock.advanceTo(3_000)
    expect(run.starts).toEqual(['0@0', '1@100', '2@200', '3@1000', '4@1100'])
    expect(run.taken.map(({ lane }) => lane)).toEqual(['a1', 'a2', 'a3', 'a1', 'a2'])
  })

  it('opens a further lane at the worker that has the fewest', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.6), serviceMs: 10_000 })
    run.join(3, 2)
    await run.clock.advanceTo(1_000)
    expect(run.taken.map(({ lane }) => lane[0])).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })

  it('spreads further lanes evenly, however many a worker may have', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.9), serviceMs: 10_000 })
    run.join(3, 3)
    await run.clock.advanceTo(1_000)
    expect(run.taken.map(({ lane }) => lane[0]).join('')).toBe('abcabcabc')
  })

  it('has a worker end with the last of its lanes, not with the first', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.3), serviceMs: 1_000 })
    const joined = run.join(1, 3)
    await run.clock.advanceTo(1_199)
    expect([run.starts, joined.ended]).toEqual([['0@0', '1@100', '2@200'], false])
    await run.clock.advanceTo(1_200)
    expect(joined.ended).toBe(true)
  })

  it('tells how many messages lanes have taken, and whether one that is not due yet was taken from the plan', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.4), serviceMs: 10 })
    run.join(2)
    const { dispatch, clock } = run
    await clock.advanceTo(250)
    expect([dispatch.taken, dispatch.heldBack, dispatch.hasEnded]).toEqual([3, 1, false])
    await clock.advanceTo(1_000)
    expect([dispatch.taken, dispatch.heldBack, dispatch.hasEnded]).toEqual([4, 0, true])
  })

  it('opens further lanes also when its first lane came after the start and is never idle', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.5), serviceMs: 1_000 })
    await run.clock.advanceTo(150)
    run.join(1, 3)
    await run.clock.advanceTo(900)
    expect(run.starts).toEqual(['0@150', '1@150', '2@200'])
  })

  it('uses the lanes of a worker that joins when those of the others are all busy', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 0.5), serviceMs: 10_000 })
    run.join(1, 1)
    await run.clock.advanceTo(320)
    run.join(1, 3)
    await run.clock.advanceTo(900)
    expect(run.starts).toEqual(['0@0', '1@320', '2@320', '3@320'])
  })

  it('starves no lane: the one that has waited longest is next', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 1.2), serviceMs: 5 })
    run.join(3)
    await run.clock.advanceTo(2_000)
    expect(run.taken.map(({ lane }) => lane[0]).join('')).toBe('abcabcabcabc')
  })

  it('sends all that is due when its timer comes late, and says how late', async () => {
    const run = new DispatchInVirtualTime({ schedule: perSecond(10, 1), serviceMs: 1 })
    run.join(20)
    await run.clock.advanceTo(250)
    await run.clock.jumpTo(620)
    expect(run.starts.slice(3)).toEqual(['3@620', '4@620', '5@620', '6@620'])
    // The first message was taken by a lane that asked in time: that is no lag to measure.
    expect(run.lagsMs).toEqual([0, 0, 320, 220, 120, 20])
    await run.clock.advanceTo(2_000)
    expect(run.starts.slice(7)).toEqual(['7@700', '8@800', '9@900'])
  })
})

describe('closed model', () => {
  it('hands out the next message as soon as a lane is free; it is due when it is taken', async () => {
    const run = new DispatchInVirtualTime({ schedule: shared(5), serviceMs: 100, startMs: 40 })
    const joined = run.join(2)
    await run.clock.advanceTo(1_000)
    expect(run.starts).toEqual(['0@40', '1@40', '2@140', '3@140', '4@240'])
    expect(run.taken.every(({ dueMs, atMs }) => dueMs === atMs)).toBe(true)
    expect(joined.ended).toBe(true)
    expect(run.lagsMs).toEqual([])
  })

  it('opens no further lanes', async () => {
    const run = new DispatchInVirtualTime({ schedule: shared(4), serviceMs: 100 })
    run.join(1, 5)
    await run.clock.advanceTo(150)
    expect(run.starts).toEqual(['0@0', '1@100'])
  })
})

describe.each([
  { model: 'open', schedule: perSecond(10, 1) },
  { model: 'closed', schedule: shared(10) },
])('$model model, stopped', ({ schedule }) => {
  it('hands out nothing more, lets what is under way end, and leaves no timer behind', async () => {
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 60 })
    const joined = run.join(2)
    await run.clock.advanceTo(10)
    const started = run.starts
    run.dispatch.stop()
    await run.clock.advanceTo(50)
    expect(joined.ended).toBe(false)
    await run.clock.advanceTo(60)
    expect(joined.ended).toBe(true)
    await run.clock.advanceTo(5_000)
    expect(run.starts).toEqual(started)
    expect(run.clock.armed).toBe(0)
  })

  it('ends a worker that joins afterwards at once', async () => {
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 1 })
    run.dispatch.stop()
    const joined = run.join(1)
    await run.clock.advanceTo(0)
    expect(joined.ended).toBe(true)
    expect(run.starts).toEqual([])
  })
})

it('shares a plan among dispatches so that every message is sent exactly once', async () => {
  const clock = new FakeClock()
  const counter = { next: 0 }
  const threads = [3, 7, 11].map(
    (serviceMs) => new DispatchInVirtualTime({ schedule: shared(100), serviceMs, clock, counter }),
  )
  for (const thread of threads) thread.join(2)
  await clock.advanceTo(10_000)
  const messages = threads.flatMap((thread) => thread.taken.map(({ message }) => message))
  expect(messages.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, message) => message))
  expect(threads.every((thread) => thread.taken.length > 0)).toBe(true)
})

it('tells the worker when a lane fails', async () => {
  const dispatch = new Dispatch({
    pacer: createPacer(shared(1)),
    clock: new FakeClock(),
    startMs: 0,
    claim: () => 0,
    onLag: () => {},
  })
  const broken = dispatch.join({ number: 0, maxLanes: 1, lane: () => Promise.reject(new Error('bug')) })
  await expect(broken).rejects.toThrow('bug')
})

it('gives a lane that asks what is due, without a wait, and nothing before the start', async () => {
  const clock = new FakeClock()
  let next = 0
  const pacer = createPacer(perSecond(10, 1))
  const dispatch = new Dispatch({ pacer, clock, startMs: 50, claim: () => next++, onLag: () => {} })
  const taken: unknown[] = []
  void dispatch.join({
    number: 0,
    maxLanes: 1,
    lane: async (feed) => {
      for (const atMs of [0, 50, 100, 150]) {
        await clock.sleep(atMs - clock.nowMs())
        taken.push(feed.take())
      }
    },
  })
  await clock.advanceTo(200)
  expect(taken).toEqual([undefined, { message: 0, dueMs: 50 }, undefined, { message: 1, dueMs: 150 }])
})
