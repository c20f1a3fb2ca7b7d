import type { ExpectedAttachment, HandedOver, MessageOutcome } from '../../programs/tenants/books.ts'
import type { Delivery, DeliveryBook } from '../deliveries.ts'
import type { PressureVerification } from '../result.ts'

/** Everything known about a tenant's messages. */
export interface Evidence {
  readonly handedOver: Iterable<HandedOver>
  readonly deliveries: DeliveryBook
  outcomeOf(id: string): Outcome | undefined
  /** Ids still waiting in the proxy; undefined when it could not be asked. */
  readonly queued: ReadonlySet<string> | undefined
}

type Outcome = Pick<MessageOutcome, 'sent' | 'error'>

/** Ids to keep of each kind, for looking up in logs. */
const MOST_IDS = 20

const KINDS = ['lost', 'duplicated', 'corrupted', 'unreported', 'misreported'] as const
type Kind = (typeof KINDS)[number]

/** Count and first ids of one kind of fault. */
class Fault {
  readonly ids: string[] = []
  count = 0

  add(id: string, times = 1): void {
    this.count += times
    if (this.ids.length < MOST_IDS) this.ids.push(id)
  }
}

/**
 * Handed over × delivered × reported. Each message handed over ends as exactly one of: delivered, reported as a
 * final error, still queued, lost. Being duplicated, corrupted, unreported or misreported comes on top.
 */
export function verify(evidence: Evidence): PressureVerification {
  const faults: Record<Kind, Fault> = {
    lost: new Fault(),
    duplicated: new Fault(),
    corrupted: new Fault(),
    unreported: new Fault(),
    misreported: new Fault(),
  }
  const sums = { handedOver: 0, delivered: 0, intact: 0, errors: 0, queued: 0, missedRecipients: 0 }
  const remarks: string[] = []
  for (const message of evidence.handedOver) {
    const { id } = message
    const deliveries = evidence.deliveries.of(id)
    const { sent, error } = evidence.outcomeOf(id) ?? {}
    sums.handedOver += 1
    if (deliveries.length > 0) {
      const { again, missed } = recipientsOf(message, deliveries)
      if (again > 0) faults.duplicated.add(id, again)
      const difference = firstDifference(message, deliveries)
      if (difference !== undefined) faults.corrupted.add(id)
      if (missed.length > 0 && sent === undefined && evidence.queued?.has(id) === true) sums.queued += 1
      else {
        sums.delivered += 1
        sums.missedRecipients += missed.length
        const isTrue = sent === undefined ? error === undefined : names(sent, missed)
        if (sent === undefined) faults.unreported.add(id)
        if (!isTrue) faults.misreported.add(id)
        const isAccounted = missed.length === 0 || (sent !== undefined && isTrue)
        if (difference === undefined && again === 0 && isAccounted) sums.intact += 1
      }
      if (difference === undefined) continue
      if (remarks.length < MOST_IDS) remarks.push(`${id}: ${difference}`)
      continue
    }
    if (sent !== undefined) faults.misreported.add(id)
    if (sent === undefined && error !== undefined) sums.errors += 1
    else if (evidence.queued?.has(id) === true) sums.queued += 1
    else faults.lost.add(id)
  }
  return {
    verified: true,
    handed_over: sums.handedOver,
    delivered: sums.delivered,
    intact: sums.intact,
    errors: sums.errors,
    still_queued: sums.queued,
    unknown: 0,
    missed_recipients: sums.missedRecipients,
    ...countsOf(faults),
    remarks,
    ...(evidence.queued === undefined && faults.lost.count > 0 ? inDoubt(faults.lost.count) : {}),
  }
}

/** Lost, or in a queue that cannot be read: unknown, so neither is claimed. */
function inDoubt(messages: number): Pick<PressureVerification, 'lost' | 'still_queued' | 'why_not'> {
  const why = `${messages} messages were neither delivered nor reported, and the proxy's queue could not be read`
  return { lost: null, still_queued: null, why_not: why }
}

/** Deliveries to recipients that already had the message, and recipients that it never reached. */
function recipientsOf({ recipients }: HandedOver, deliveries: ReturnType<DeliveryBook['of']>) {
  const reached = new Set<string>()
  let again = 0
  for (const delivery of deliveries) {
    if (delivery.recipients.some((recipient) => reached.has(recipient))) again += 1
    for (const recipient of delivery.recipients) reached.add(recipient)
  }
  return { again, missed: recipients.filter((recipient) => !reached.has(recipient)) }
}

/** A `sent` report is true when it names exactly the recipients that the message did not reach. */
function names({ refused }: NonNullable<Outcome['sent']>, missed: readonly string[]): boolean {
  return new Set(refused).size === missed.length && missed.every((recipient) => refused.includes(recipient))
}

function firstDifference(
  message: HandedOver,
  deliveries: ReturnType<DeliveryBook['of']>,
): string | undefined {
  for (const delivery of deliveries) {
    const difference = differenceOf(message, delivery)
    if (difference !== undefined) return difference
  }
  return undefined
}

function countsOf({ lost, duplicated, corrupted, unreported, misreported }: Record<Kind, Fault>) {
  return {
    lost: lost.count,
    duplicated: duplicated.count,
    corrupted: corrupted.count,
    unreported: unreported.count,
    misreported: misreported.count,
    lost_ids: lost.ids,
    duplicated_ids: duplicated.ids,
    corrupted_ids: corrupted.ids,
    unreported_ids: unreported.ids,
    misreported_ids: misreported.ids,
  }
}

/** The account when nothing could be checked. */
export function unverified(handedOver: number, why: string): PressureVerification {
  return {
    verified: false,
    why_not: why,
    handed_over: handedOver,
    delivered: null,
    intact: null,
    errors: null,
    still_queued: null,
    unknown: null,
    missed_recipients: null,
    lost: null,
    duplicated: null,
    corrupted: null,
    unreported: null,
    misreported: null,
    lost_ids: [],
    duplicated_ids: [],
    corrupted_ids: [],
    unreported_ids: [],
    misreported_ids: [],
    remarks: [],
  }
}

/** Sum over all tenants; unverified when one of them is. `unknown` belongs to no tenant. */
export function sumOf(parts: readonly PressureVerification[], unknown: number): PressureVerification {
  const handedOver = parts.reduce((sum, part) => sum + part.handed_over, 0)
  const open = parts.find(({ verified }) => !verified)
  if (open !== undefined) return unverified(handedOver, open.why_not ?? 'it could not be checked')
  const total = (pick: (part: PressureVerification) => number | null): number | null =>
    parts.reduce<number | null>((sum, part) => {
      const value = pick(part)
      return sum === null || value === null ? null : sum + value
    }, 0)
  const firsts = (pick: (part: PressureVerification) => readonly string[]) =>
    parts.flatMap((part) => [...pick(part)]).slice(0, MOST_IDS)
  const doubt = parts.find(({ why_not }) => why_not !== undefined)?.why_not
  return {
    verified: true,
    ...(doubt === undefined ? {} : { why_not: doubt }),
    handed_over: handedOver,
    delivered: total((part) => part.delivered),
    intact: total((part) => part.intact),
    errors: total((part) => part.errors),
    still_queued: total((part) => part.still_queued),
    unknown,
    missed_recipients: total((part) => part.missed_recipients),
    lost: total((part) => part.lost),
    duplicated: total((part) => part.duplicated),
    corrupted: total((part) => part.corrupted),
    unreported: total((part) => part.unreported),
    misreported: total((part) => part.misreported),
    lost_ids: firsts((part) => part.lost_ids),
    duplicated_ids: firsts((part) => part.duplicated_ids),
    corrupted_ids: firsts((part) => part.corrupted_ids),
    unreported_ids: firsts((part) => part.unreported_ids),
    misreported_ids: firsts((part) => part.misreported_ids),
    remarks: firsts((part) => part.remarks),
  }
}

/** How a delivery differs from what was handed over; undefined when it does not. */
function differenceOf(message: HandedOver, delivery: Delivery): string | undefined {
  const stranger = delivery.recipients.find((recipient) => !message.recipients.includes(recipient))
  if (stranger !== undefined) return `it also went to ${stranger}, who is not one of its recipients`
  if (delivery.textMd5 !== message.textMd5) return 'its text differs'
  const left = [...delivery.attachments]
  for (const expected of message.attachments) {
    const at = left.findIndex(({ name, md5 }) => name === expected.filename && md5 === expected.md5)
    if (at === -1) return missing(expected, left)
    left.splice(at, 1)
  }
  const [extra] = left
  return extra === undefined ? undefined : `it has an extra attachment, "${extra.name}"`
}

function missing({ filename, md5, sizeBytes }: ExpectedAttachment, found: Delivery['attachments']): string {
  const other = found.find(({ name }) => name === filename)
  if (other !== undefined)
    return `"${filename}" came with ${other.bytes} bytes and MD5 ${other.md5}, not ${sizeBytes} and ${md5}`
  const renamed = found.find((one) => one.md5 === md5)
  return renamed === undefined
    ? `"${filename}" is missing`
    : `"${filename}" came under the name "${renamed.name}"`
}
