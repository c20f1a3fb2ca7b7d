import { FakeClock } from './clock.fixture.ts'
import { Dispatch, type Lane, type Ticket } from './dispatch.ts'
import { createPacer, type Schedule } from './executors/registry.ts'

/** One message as a lane took it. */
export interface Taken {
  readonly message: number
  readonly dueMs: number
  readonly atMs: number
  readonly lane: string
}

/** A dispatch in virtual time whose lanes take `serviceMs` for each message and write down when. */
export class DispatchInVirtualTime {
  readonly clock: FakeClock
  readonly dispatch: Dispatch
  readonly taken: Taken[] = []
  readonly lagsMs: number[] = []
  readonly #serviceMs: number
  #lanes = 0

  constructor(options: {
    schedule: Schedule
    serviceMs: number
    startMs?: number
    clock?: FakeClock
    counter?: { next: number }
  }) {
    const { schedule, serviceMs, startMs = 0, clock = new FakeClock(), counter = { next: 0 } } = options
    const pacer = createPacer(schedule)
    this.clock = clock
    this.#serviceMs = serviceMs
    this.dispatch = new Dispatch({
      pacer,
      clock,
      startMs,
      claim: () => (counter.next < pacer.total ? counter.next++ : undefined),
      onLag: (lagMs) => this.lagsMs.push(lagMs),
    })
  }

  /** Adds workers; true once all their lanes have ended. */
  join(workers: number, maxLanes = 1): { ended: boolean } {
    const state = { ended: false }
    const joined = Array.from({ length: workers }, (_, worker) =>
      this.dispatch.join({ number: worker, lane: this.#lane(String.fromCharCode(97 + worker)), maxLanes }),
    )
    void Promise.all(joined).then(() => {
      state.ended = true
    })
    return state
  }

  /** `message@start`, in the order of the starts. */
  get starts(): string[] {
    return this.taken.map(({ message, atMs }) => `${message}@${atMs}`)
  }

  #lane(worker: string): Lane {
    return async (feed) => {
      const lane = `${worker}${++this.#lanes}`
      const next = () => new Promise<Ticket | undefined>(feed.next)
      for (let ticket = feed.take() ?? (await next()); ticket !== undefined; ) {
        this.taken.push({ ...ticket, atMs: this.clock.nowMs(), lane })
        await this.clock.sleep(this.#serviceMs)
        ticket = feed.take() ?? (await next())
      }
    }
  }
}
