import type { HandedOver, ReportReceived } from '../../programs/tenants/books.ts'
import { type Delivery, DeliveryBook } from '../deliveries.ts'
import type { Evidence } from './verify.ts'

/** A message with one attachment, handed over at 1,000 ms by default. */
export function handedOver(id: string, change: Partial<HandedOver> = {}): HandedOver {
  return {
    id,
    tenantId: 't',
    handedOverAtEpochMs: 1_000,
    priority: 2,
    recipients: ['a@example.com'],
    subject: id,
    textMd5: 'text',
    attachments: [{ filename: 'a.pdf', md5: 'aa', sizeBytes: 10 }],
    ...change,
  }
}

/** The delivery that `handedOver(id)` should produce. */
export function delivery(id: string, change: Partial<Delivery> = {}): Delivery {
  const attachments = [{ name: 'a.pdf', md5: 'aa', bytes: 10 }]
  return {
    id,
    atEpochMs: 2_000,
    bytes: 500,
    recipients: ['a@example.com'],
    textMd5: 'text',
    attachments,
    ...change,
  }
}

export function report(id: string, kind: ReportReceived['kind'], receivedAtEpochMs = 3_000): ReportReceived {
  return {
    id,
    kind,
    ts: receivedAtEpochMs / 1000,
    reason: undefined,
    refused: [],
    receivedAtEpochMs,
    repeated: false,
  }
}

export interface Scene {
  readonly handedOver: readonly HandedOver[]
  readonly deliveries?: readonly Delivery[]
  readonly reports?: readonly ReportReceived[]
  readonly queued?: readonly string[] | undefined
}

export function evidenceOf({
  handedOver: messages,
  deliveries = [],
  reports = [],
  ...rest
}: Scene): Evidence {
  const book = new DeliveryBook()
  for (const one of deliveries) book.add(one)
  const find = (id: string, kind: string) => reports.find((one) => one.id === id && one.kind === kind)
  const queued = 'queued' in rest ? rest.queued && new Set(rest.queued) : new Set<string>()
  const outcomeOf = (id: string) => ({ sent: find(id, 'sent'), error: find(id, 'error') })
  return { handedOver: messages, deliveries: book, outcomeOf, queued }
}
