import { describe, expect, it } from 'vitest'
import { FakeClock } from './clock.fixture.ts'
import { Dispatch, type Lane, type Ticket } from './dispatch.ts'
import { createPacer, type Schedule } from './executors/registry.ts'

interface Retrying {
  readonly schedule: Schedule
  readonly workers?: number
  readonly maxLanes?: number
  /** How often each message is to be attempted. */
  readonly attempts: (message: number) => number
  readonly delayMs: number
}

/** Lanes that need 10 ms for an attempt; what they did, as `message@ms by worker`. */
function run({ schedule, workers = 1, maxLanes = 1, attempts, delayMs }: Retrying) {
  const clock = new FakeClock()
  const pacer = createPacer(schedule)
  const begun: string[] = []
  const due = new Map<number, Set<number>>()
  const made = new Map<number, number>()
  let claimed = 0
  const dispatch = new Dispatch({
    ...{ pacer, clock, startMs: 0 },
    claim: () => (claimed < pacer.total ? claimed++ : undefined),
    onLag: () => {},
  })
  const laneOf =
    (worker: number): Lane =>
    async (feed) => {
      const next = () => new Promise<Ticket | undefined>(feed.next)
      for (let ticket = feed.take() ?? (await next()); ticket !== undefined; ) {
        const { message } = ticket
        begun.push(`${message}@${clock.nowMs()} by ${worker}`)
        due.set(message, (due.get(message) ?? new Set()).add(ticket.dueMs))
        await clock.sleep(10)
        made.set(message, (made.get(message) ?? 0) + 1)
        if ((made.get(message) ?? 0) < attempts(message)) dispatch.retry(ticket, delayMs)
        ticket = feed.take() ?? (await next())
      }
    }
  const state = { ended: false }
  const joined = Array.from({ length: workers }, (_, number) =>
    dispatch.join({ number, lane: laneOf(number), maxLanes }),
  )
  void Promise.all(joined).then(() => {
    state.ended = true
  })
  return { clock, dispatch, begun, due, made, state }
}

describe('further attempts', () => {
  it('in the closed model go ahead of new messages once they are due, and the last lane waits for them', async () => {
    const { clock, begun, due, state } = run({
      schedule: { executor: 'shared-iterations', messages: 3 },
      attempts: (message) => (message === 0 ? 2 : message === 2 ? 3 : 1),
      delayMs: 15,
    })
    await clock.advanceTo(200)
    expect(begun).toEqual(['0@0 by 0', '1@10 by 0', '2@20 by 0', '0@30 by 0', '2@45 by 0', '2@70 by 0'])
    expect([...(due.get(2) ?? [])]).toEqual([20])
    expect(state.ended).toBe(true)
  })

  it('let the lanes go that have nothing to wait for', async () => {
    const { clock, begun, state } = run({
      schedule: { executor: 'shared-iterations', messages: 4 },
      workers: 4,
      attempts: (message) => (message === 0 ? 2 : 1),
      delayMs: 1_000,
    })
    await clock.advanceTo(1_009)
    expect([begun.length, state.ended]).toEqual([4, false])
    await clock.advanceTo(1_020)
    expect([begun.length, state.ended]).toEqual([5, true])
  })

  it('in the open model are due when the message was, and do not hold up the plan', async () => {
    const { clock, begun, due, state } = run({
      schedule: { executor: 'constant-arrival-rate', ratePerSecond: 10, durationSeconds: 0.4 },
      maxLanes: 3,
      attempts: (message) => (message === 1 ? 3 : 1),
      delayMs: 80,
    })
    await clock.advanceTo(1_000)
    expect(begun.map((text) => text.split(' ')[0])).toEqual([
      '0@0',
      '1@100',
      '1@190',
      '2@200',
      '1@280',
      '3@300',
    ])
    expect([...(due.get(1) ?? [])]).toEqual([100])
    expect(state.ended).toBe(true)
  })

  it.each(['per-worker-iterations', 'constant-workers'] as const)(
    'come to workers whose own part is over (%s)',
    async (executor) => {
      const schedule: Schedule =
        executor === 'per-worker-iterations'
          ? { executor, messagesPerWorker: 2, workers: 2 }
          : { executor, durationSeconds: 0.02 }
      const { clock, made, state } = run({ schedule, workers: 2, attempts: () => 3, delayMs: 500 })
      await clock.advanceTo(5_000)
      expect([...made.values()]).toEqual(Array(4).fill(3))
      expect(state.ended).toBe(true)
    },
  )

  it('that wait when all is stopped are given back, and none is taken any more', async () => {
    const { clock, dispatch, state, begun } = run({
      schedule: { executor: 'shared-iterations', messages: 5 },
      workers: 2,
      attempts: () => 2,
      delayMs: 1_000,
    })
    await clock.advanceTo(500)
    const left = dispatch.stop()
    expect(left.map(({ message }) => message).toSorted()).toEqual([0, 1, 2, 3, 4])
    expect(dispatch.retry({ message: 0, dueMs: 0 }, 10)).toBe(false)
    await clock.advanceTo(5_000)
    expect([begun.length, state.ended]).toEqual([5, true])
  })

  it('of 5,000 messages all come, as often as they should', async () => {
    const { clock, made, state } = run({
      schedule: { executor: 'shared-iterations', messages: 5_000 },
      workers: 50,
      attempts: (message) => 1 + (message % 3),
      delayMs: 100,
    })
    await clock.advanceTo(10_000)
    expect(made.size).toBe(5_000)
    expect([...made].every(([message, times]) => times === 1 + (message % 3))).toBe(true)
    expect(state.ended).toBe(true)
  })
})
