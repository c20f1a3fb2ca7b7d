import { describe, expect, it } from 'vitest'
import { FakeClock } from './clock.fixture.ts'
import { DispatchInVirtualTime } from './dispatch.fixture.ts'
import { Dispatch } from './dispatch.ts'
import { createPacer } from './executors/registry.ts'

describe('workers with a number of messages of their own', () => {
  it('each send theirs, the quick ones no more than the slow ones', async () => {
    const clock = new FakeClock()
    const counter = { next: 0 }
    const schedule = { executor: 'per-worker-iterations', messagesPerWorker: 3, workers: 3 } as const
    const quick = new DispatchInVirtualTime({ schedule, serviceMs: 10, clock, counter })
    const slow = new DispatchInVirtualTime({ schedule, serviceMs: 100, clock, counter })
    const joined = [quick.join(2), slow.join(1)]
    await clock.advanceTo(1_000)
    expect(quick.taken.map(({ lane, atMs }) => `${lane[0]}@${atMs}`)).toEqual([
      'a@0',
      'b@0',
      'a@10',
      'b@10',
      'a@20',
      'b@20',
    ])
    expect(slow.taken.map(({ atMs }) => atMs)).toEqual([0, 100, 200])
    expect(joined.map(({ ended }) => ended)).toEqual([true, true])
    expect(counter.next).toBe(9)
  })
})

describe('workers for a time', () => {
  const schedule = { executor: 'constant-workers', durationSeconds: 0.25 } as const

  it('take messages until it is over, and what is under way then still ends', async () => {
    const counter = { next: 0 }
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 100, startMs: 40, counter })
    const joined = run.join(2)
    await run.clock.advanceTo(339)
    expect(joined.ended).toBe(false)
    await run.clock.advanceTo(1_000)
    expect(run.starts).toEqual(['0@40', '1@40', '2@140', '3@140', '4@240', '5@240'])
    expect(joined.ended).toBe(true)
    expect(run.clock.armed).toBe(0)
  })

  it('claim no message that nobody takes: all that is claimed has started', async () => {
    const counter = { next: 0 }
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 30, counter })
    run.join(3)
    await run.clock.advanceTo(1_000)
    expect(run.taken.length).toBe(counter.next)
  })
})

describe('workers that come and go', () => {
  // Rounded level: 1 from 500 ms, 2 from 1,500 ms, 1 again from 2,500 ms, none from 3,500 ms.
  const schedule = {
    executor: 'ramping-workers',
    startWorkers: 0,
    stages: [
      { durationSeconds: 2, target: 2 },
      { durationSeconds: 2, target: 0 },
    ],
  } as const

  it('each have a lane while it is their turn', async () => {
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 400, startMs: 100 })
    const joined = run.join(3)
    await run.clock.advanceTo(10_000)
    expect(run.taken.map(({ lane, atMs }) => `${lane[0]}@${atMs}`)).toEqual([
      'a@600',
      'a@1000',
      'a@1400',
      'b@1600',
      'a@1800',
      'b@2000',
      'a@2200',
      'b@2400',
      'a@2600',
      'a@3000',
      'a@3400',
    ])
    expect(joined.ended).toBe(true)
    expect(run.clock.armed).toBe(0)
  })

  it('begin one after another as their turns come, in whichever order they joined', async () => {
    // Worker 0 from 500 ms on, 1 from 1,500 ms, 2 from 2,500 ms.
    const up = { ...schedule, stages: [{ durationSeconds: 3, target: 3 }] }
    const run = new DispatchInVirtualTime({ schedule: up, serviceMs: 1_900 })
    run.join(3)
    await run.clock.advanceTo(10_000)
    expect(run.taken.map(({ lane, atMs }) => `${lane[0]}@${atMs}`)).toEqual([
      'a@500',
      'b@1500',
      'a@2400',
      'c@2500',
    ])
    const clock = new FakeClock()
    let claimed = 0
    const pacer = createPacer(up)
    const dispatch = new Dispatch({ pacer, clock, startMs: 0, claim: () => claimed++, onLag: () => {} })
    const begun: string[] = []
    for (const number of [2, 0, 1])
      void dispatch.join({
        number,
        maxLanes: 1,
        lane: (feed) =>
          new Promise((resolve) =>
            feed.next(() => {
              begun.push(`${number}@${clock.nowMs()}`)
              resolve()
            }),
          ),
      })
    await clock.advanceTo(10_000)
    expect(begun).toEqual(['0@500', '1@1500', '2@2500'])
  })

  it('get a new lane when they come back', async () => {
    const twice = { ...schedule, stages: [...schedule.stages, ...schedule.stages] }
    const run = new DispatchInVirtualTime({ schedule: twice, serviceMs: 400 })
    run.join(1)
    await run.clock.advanceTo(10_000)
    expect(run.taken.map(({ lane, atMs }) => `${lane}@${atMs}`)).toEqual([
      ...[500, 900, 1_300, 1_700, 2_100, 2_500, 2_900, 3_300].map((ms) => `a1@${ms}`),
      ...[4_500, 4_900, 5_300, 5_700, 6_100, 6_500, 6_900, 7_300].map((ms) => `a2@${ms}`),
    ])
  })

  it('end when they are stopped, also those whose turn is still to come', async () => {
    const run = new DispatchInVirtualTime({ schedule, serviceMs: 400 })
    const joined = run.join(2)
    await run.clock.advanceTo(600)
    run.dispatch.stop()
    await run.clock.advanceTo(900)
    expect(joined.ended).toBe(true)
    expect(run.starts).toEqual(['0@500'])
    expect(run.clock.armed).toBe(0)
  })
})
