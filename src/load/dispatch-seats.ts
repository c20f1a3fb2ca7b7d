import type { Feed, Worker } from './dispatch-lane.ts'

/** A worker that has joined: its lanes, what it has taken, and when its next turn is. */
export interface Seat extends Worker {
  lanes: number
  /** Messages that its lanes have taken. */
  taken: number
  /** Set when a lane was told that this is not its worker's turn, and so ends. */
  toldOff: boolean
  /** Without a lane until then, Clock milliseconds. */
  parkedUntilMs: number | undefined
  readonly feed: Feed
  /** All is done; or a lane has failed. */
  readonly settle: { resolve(): void; reject(error: unknown): void }
}

/** The workers of a dispatch. Opens their lanes and says when one has none left. */
export class Seats {
  readonly #seats: Seat[] = []
  readonly #onEmpty: (seat: Seat) => void

  constructor(onEmpty: (seat: Seat) => void) {
    this.#onEmpty = onEmpty
  }

  add(seat: Seat): void {
    this.#seats.push(seat)
  }

  openLane(seat: Seat): void {
    seat.lanes++
    seat
      .lane(seat.feed)
      .then(() => {
        if (--seat.lanes === 0) this.#onEmpty(seat)
      })
      .catch(seat.settle.reject)
  }

  /** Messages that all of them have taken. */
  get taken(): number {
    return this.#seats.reduce((sum, { taken }) => sum + taken, 0)
  }

  /** The worker with the fewest lanes that may have one more. */
  fewestLanes(): Seat | undefined {
    let fewest: Seat | undefined
    for (const seat of this.#seats) {
      if (seat.lanes < seat.maxLanes && (fewest === undefined || seat.lanes < fewest.lanes)) fewest = seat
    }
    return fewest
  }

  /** When the first of the parked ones has its turn. */
  get nextTurnMs(): number | undefined {
    let first: number | undefined
    for (const { parkedUntilMs } of this.#seats) {
      if (parkedUntilMs !== undefined && parkedUntilMs < (first ?? Number.POSITIVE_INFINITY))
        first = parkedUntilMs
    }
    return first
  }

  /** Opens a lane for each that has its turn by now. */
  unparkBy(nowMs: number): void {
    for (const seat of this.#seats) {
      if (seat.parkedUntilMs === undefined || seat.parkedUntilMs > nowMs) continue
      seat.parkedUntilMs = undefined
      this.openLane(seat)
    }
  }

  /** The parked ones have no turn any more. */
  dismissParked(): void {
    for (const seat of this.#seats) {
      if (seat.parkedUntilMs === undefined) continue
      seat.parkedUntilMs = undefined
      seat.settle.resolve()
    }
  }
}
