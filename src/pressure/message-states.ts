const HANDED_OVER = 1
const DELIVERED = 2
const REPORTED_SENT = 4
const REPORTED_ERROR = 8

/** How far each message of a run is, counted while it goes on; by id, so that nothing counts twice. */
export class MessageStates {
  readonly #states = new Map<string, number>()
  #handedOver = 0
  #delivered = 0
  #reported = 0
  #settled = 0

  get handedOver(): number {
    return this.#handedOver
  }

  /** Different messages of this run that arrived. */
  get delivered(): number {
    return this.#delivered
  }

  /** Messages whose final outcome their tenant knows. */
  get reported(): number {
    return this.#reported
  }

  /** Messages of which nothing more is to come: delivered and reported as sent, or reported as an error. */
  get settled(): number {
    return this.#settled
  }

  isHandedOver(id: string): boolean {
    return ((this.#states.get(id) ?? 0) & HANDED_OVER) !== 0
  }

  onHandedOver(id: string): void {
    this.#set(id, HANDED_OVER)
  }

  onDelivered(id: string): void {
    this.#set(id, DELIVERED)
  }

  onReported(id: string, kind: 'sent' | 'error'): void {
    this.#set(id, kind === 'sent' ? REPORTED_SENT : REPORTED_ERROR)
  }

  /** A delivery may be read before the tenant knows that its message was taken. */
  #set(id: string, bit: number): void {
    const before = this.#states.get(id) ?? 0
    const now = before | bit
    if (now === before) return
    this.#states.set(id, now)
    this.#handedOver += change(before, now, isHandedOver)
    this.#delivered += change(before, now, isDelivered)
    this.#reported += change(before, now, isReported)
    this.#settled += change(before, now, isSettled)
  }
}

const isHandedOver = (state: number) => (state & HANDED_OVER) !== 0
const isDelivered = (state: number) => isHandedOver(state) && (state & DELIVERED) !== 0
const isReported = (state: number) => isHandedOver(state) && (state & (REPORTED_SENT | REPORTED_ERROR)) !== 0
const isSettled = (state: number) =>
  isHandedOver(state) &&
  ((state & REPORTED_ERROR) !== 0 || (state & (DELIVERED | REPORTED_SENT)) === (DELIVERED | REPORTED_SENT))

function change(before: number, now: number, holds: (state: number) => boolean): number {
  return Number(holds(now)) - Number(holds(before))
}
