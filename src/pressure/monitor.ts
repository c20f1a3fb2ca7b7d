import { Histogram, quantileMs } from '../engine/histogram.ts'
import type { AttachmentServed, TenantObserver } from '../programs/tenants/options.ts'
import { type Delivery, DeliveryBook } from './deliveries.ts'

/** Sees every event of a run as it happens: counts for the live line, records for the result. */
export class Monitor {
  readonly states = new MessageStates()
  readonly deliveries = new DeliveryBook()
  readonly #handedOverAtEpochMs = new Map<string, number>()
  readonly #endToEnd = new Histogram()
  readonly #attachments = new Map<string, AttachmentServed[]>()
  #syncCalls = 0
  #errors = 0

  get syncCalls(): number {
    return this.#syncCalls
  }

  /** Final errors reported. */
  get errors(): number {
    return this.#errors
  }

  /** End to end so far; null before the first delivery. */
  get p95Ms(): number | null {
    const times = this.#endToEnd.toSparse()
    return times.count === 0 ? null : quantileMs(times, 0.95)
  }

  attachmentsOf(tenantId: string): readonly AttachmentServed[] {
    return this.#attachments.get(tenantId) ?? []
  }

  /** Shared by all tenants. */
  readonly observer: TenantObserver = {
    onHandedOver: ({ id, handedOverAtEpochMs }) => {
      this.states.onHandedOver(id)
      this.#handedOverAtEpochMs.set(id, handedOverAtEpochMs)
    },
    onReported: ({ id, kind, repeated }) => {
      if (kind !== 'sent' && kind !== 'error') return
      this.states.onReported(id, kind)
      if (kind === 'error' && !repeated) this.#errors += 1
    },
    onSync: () => {
      this.#syncCalls += 1
    },
    onAttachment: (served) => {
      const all = this.#attachments.get(served.tenantId) ?? []
      this.#attachments.set(served.tenantId, all)
      all.push(served)
    },
  }

  delivered(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const isFirst = this.deliveries.add(delivery)
      this.states.onDelivered(delivery.id)
      const handedOverAtEpochMs = this.#handedOverAtEpochMs.get(delivery.id)
      if (isFirst && handedOverAtEpochMs !== undefined)
        this.#endToEnd.record(delivery.atEpochMs - handedOverAtEpochMs)
    }
  }
}

const HANDED_OVER = 1
const DELIVERED = 2
const REPORTED_SENT = 4
const REPORTED_ERROR = 8

/** Progress of each message of a run, by id, so that nothing counts twice. */
export class MessageStates {
  readonly #states = new Map<string, number>()
  #handedOver = 0
  #delivered = 0
  #reported = 0
  #settled = 0

  get handedOver(): number {
    return this.#handedOver
  }

  /** Distinct messages of this run that arrived. */
  get delivered(): number {
    return this.#delivered
  }

  /** Messages whose final outcome their tenant knows. */
  get reported(): number {
    return this.#reported
  }

  /** Messages that are finished: delivered and reported as sent, or reported as an error. */
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

  /** A delivery may be read before the tenant learns that its message was accepted. */
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

export interface DrainLimits {
  /** The wait ends when nothing has moved for this long. */
  readonly quietMs: number
  /** The wait ends after this long in any case. */
  readonly drainMs: number
}

/** Progress of a run, in messages. */
export interface DrainCounts {
  readonly handedOver: number
  readonly delivered: number
  readonly reported: number
  readonly settled: number
}

type DrainState = 'going-on' | 'done' | 'quiet' | 'too-long'

/** Decides when there is nothing left to wait for after the last hand-over. Has no clock of its own. */
export class Drain {
  readonly #limits: DrainLimits
  readonly #beganMs: number
  #movedMs: number
  #last = ''

  constructor(limits: DrainLimits, nowMs: number) {
    this.#limits = limits
    this.#beganMs = nowMs
    this.#movedMs = nowMs
  }

  look({ handedOver, delivered, reported, settled }: DrainCounts, nowMs: number): DrainState {
    if (settled >= handedOver) return 'done'
    const seen = [handedOver, delivered, reported, settled].join()
    if (seen !== this.#last) {
      this.#last = seen
      this.#movedMs = nowMs
    }
    if (nowMs - this.#movedMs >= this.#limits.quietMs) return 'quiet'
    return nowMs - this.#beganMs >= this.#limits.drainMs ? 'too-long' : 'going-on'
  }
}
