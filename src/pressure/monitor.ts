import { Histogram, quantileMs } from '../engine/histogram.ts'
import type { AttachmentServed, TenantObserver } from '../programs/tenants/options.ts'
import type { Delivery } from './delivery.ts'
import { DeliveryBook } from './delivery-book.ts'
import { MessageStates } from './message-states.ts'

/** Sees everything that happens in a run while it happens: counts for the live line, records for the end. */
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

  /** Final errors that were reported. */
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

  /** One for all tenants. */
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
