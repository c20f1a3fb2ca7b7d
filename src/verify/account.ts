import type { Acknowledgements } from '../ledger/acknowledgements.ts'
import { isAcknowledged, type ReceiptsData } from '../ledger/receipts.ts'
import type { Arrival } from './store.ts'

/** Of the messages of a run, what their account needs. */
export interface ExpectedMail {
  envelopeOf(message: number): { readonly recipients: readonly string[] }
}

export interface AccountOptions {
  readonly runId: string
  /** Messages of the plan. */
  readonly planned: number
  readonly receipts: ReceiptsData
  readonly mail: ExpectedMail
  readonly idOf: (message: number) => string
  /** When each was acknowledged; without it there is no end-to-end time. */
  readonly acknowledged?: Acknowledgements | undefined
  /** Start of the run, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** Told of the first copy of each message for each recipient, when both its times are known. */
  readonly onDelivered?: (delivery: TimedDelivery) => void
}

/** The first copy of a message for one of its recipients; times after the start of the run. */
export interface TimedDelivery {
  readonly target: number
  readonly acknowledgedMs: number
  readonly arrivedMs: number
}

/** Messages times recipients, unless said otherwise. */
export interface AccountCounts {
  /** Acknowledged, without refused recipients: what must arrive. */
  readonly expected: number
  /** Of those, what arrived at least once. */
  readonly arrived: number
  /** Neither arrived nor bounced. */
  readonly missing: number
  /** Copies beyond the first. */
  readonly duplicated: number
  /** Copies whose body is not the one that was sent. */
  readonly corrupted: number
  /** Copies whose body has another transfer encoding (RFC 6152): no damage. */
  readonly reencoded: number
  /** Copies whose body could not be judged. */
  readonly unjudged: number
  /** Copies for somebody else than the recipients. */
  readonly misrouted: number
  /** Reported as not delivered (RFC 3464). */
  readonly bounced: number
  /** Arrived, although never acknowledged for that recipient. */
  readonly unacknowledged: number
  /** All copies found. */
  readonly copies: number
}

/** Enough to look up in the logs. */
const MOST_IDS = 20
const MOST_BOUNCE_KINDS = 50
/** The byte of a message for a recipient: how many copies came, whether it bounced, whether it was refused. */
const COPIES = 0x3f
const BOUNCED = 0x40
const REFUSED = 0x80

/** One kind of bounce. */
export interface BounceKind {
  /** RFC 3463; null when the report has none. */
  readonly status: string | null
  /** What the server said of the first one. */
  readonly text: string
  readonly recipient: string
  count: number
}

/**
 * Every acknowledged message for every recipient, compared with what was found behind the server. One byte for each,
 * whatever their number.
 */
export class Account {
  readonly #options: AccountOptions
  readonly #pairs: Pairs
  readonly #states: Uint8Array
  readonly #bounces = new Map<string, BounceKind>()
  readonly #corrupted = new Map<string, 'damaged' | 'reencoded'>()
  readonly #ids = { duplicated: new Set<string>(), misrouted: new Set<string>(), bounced: new Set<string>() }
  readonly #counts = {
    expected: 0,
    arrived: 0,
    settled: 0,
    duplicated: 0,
    corrupted: 0,
    reencoded: 0,
    unjudged: 0,
    misrouted: 0,
    bounced: 0,
    unacknowledged: 0,
    copies: 0,
  }

  constructor(options: AccountOptions) {
    this.#options = options
    const { planned, mail, receipts } = options
    this.#pairs = new Pairs(planned, mail)
    this.#states = new Uint8Array(this.#pairs.count)
    this.#markRefused(receipts.refused ?? new Uint32Array(0))
    for (let message = 0; message < planned; message++) {
      if (!isAcknowledged(receipts, message)) continue
      for (let pair = this.#pairs.of(message); pair < this.#pairs.of(message + 1); pair++)
        if (((this.#states[pair] ?? 0) & REFUSED) === 0) this.#counts.expected++
    }
  }

  /** Neither arrived nor bounced yet. */
  get missing(): number {
    return this.#counts.expected - this.#counts.settled
  }

  get expected(): number {
    return this.#counts.expected
  }

  get arrived(): number {
    return this.#counts.arrived
  }

  /** All copies and bounces so far. */
  get seen(): number {
    return this.#counts.copies + this.#counts.bounced
  }

  add(arrival: Arrival): void {
    const message = this.#messageOf(arrival.id)
    if (arrival.bounce !== undefined) {
      this.#addBounce(message, arrival.id, arrival.bounce)
      return
    }
    this.#counts.copies++
    this.#judge(arrival)
    if (message === undefined) {
      this.#counts.unacknowledged++
      return
    }
    const pair = this.#pairFor(message, arrival.recipient)
    if (pair === undefined) {
      this.#counts.misrouted++
      note(this.#ids.misrouted, arrival.id)
      return
    }
    this.#addCopy(message, pair, arrival)
  }

  /** After a second look at a body that seemed damaged. */
  absolve(id: string): void {
    if (this.#corrupted.get(id) !== 'damaged') return
    this.#corrupted.set(id, 'reencoded')
    this.#counts.corrupted--
    this.#counts.reencoded++
  }

  /** The first ids whose bodies are not as they were sent. */
  get damagedIds(): string[] {
    return [...this.#corrupted].filter(([, state]) => state === 'damaged').map(([id]) => id)
  }

  counts(): AccountCounts {
    const { settled: _, ...counts } = this.#counts
    return { ...counts, missing: this.missing }
  }

  bounceKinds(): readonly BounceKind[] {
    return [...this.#bounces.values()].toSorted((a, b) => b.count - a.count)
  }

  ids(): Readonly<
    Record<'missing' | 'duplicated' | 'misrouted' | 'bounced' | 'corrupted', readonly string[]>
  > {
    return {
      missing: this.#missingIds(),
      duplicated: [...this.#ids.duplicated],
      misrouted: [...this.#ids.misrouted],
      bounced: [...this.#ids.bounced],
      corrupted: this.damagedIds.slice(0, MOST_IDS),
    }
  }

  /** Calls `tell` with what was acknowledged when: how many recipients, in milliseconds after the start. */
  acknowledgements(tell: (ms: number, recipients: number) => void): void {
    const { planned, acknowledged, receipts } = this.#options
    for (let message = 0; message < planned; message++) {
      const ms = acknowledged?.msOf(message)
      if (ms === undefined || !isAcknowledged(receipts, message)) continue
      let recipients = 0
      for (let pair = this.#pairs.of(message); pair < this.#pairs.of(message + 1); pair++)
        if (((this.#states[pair] ?? 0) & REFUSED) === 0) recipients++
      tell(ms, recipients)
    }
  }

  #messageOf(id: string): number | undefined {
    const digits = id.slice(this.#options.runId.length + 1)
    const message = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN
    return message < this.#options.planned ? message : undefined
  }

  #judge({ id, body }: Arrival): void {
    if (body === 'unknown') this.#counts.unjudged++
    if (body === 'reencoded') this.#counts.reencoded++
    if (body !== 'damaged') return
    this.#counts.corrupted++
    if (this.#corrupted.size < MOST_IDS) this.#corrupted.set(id, 'damaged')
  }

  #addCopy(message: number, pair: number, { id, arrivedAtMs }: Arrival): void {
    const state = this.#states[pair] ?? 0
    const copies = state & COPIES
    if (copies < COPIES) this.#states[pair] = state + 1
    const isExpected = (state & REFUSED) === 0 && isAcknowledged(this.#options.receipts, message)
    if (!isExpected) {
      if (copies === 0) this.#counts.unacknowledged++
      return
    }
    if (copies > 0) {
      this.#counts.duplicated++
      note(this.#ids.duplicated, id)
      return
    }
    this.#counts.arrived++
    if ((state & BOUNCED) === 0) this.#counts.settled++
    this.#time(message, arrivedAtMs)
  }

  #time(message: number, arrivedAtMs: number | undefined): void {
    const { acknowledged, startedAtMs, onDelivered } = this.#options
    const acknowledgedMs = acknowledged?.msOf(message)
    if (acknowledged === undefined || acknowledgedMs === undefined || arrivedAtMs === undefined) return
    const arrivedMs = arrivedAtMs - startedAtMs
    onDelivered?.({ target: acknowledged.targetOf(message), acknowledgedMs, arrivedMs })
  }

  #addBounce(message: number | undefined, id: string, bounce: NonNullable<Arrival['bounce']>): void {
    const pair = message === undefined ? undefined : this.#pairFor(message, bounce.recipient)
    if (message === undefined || pair === undefined) return
    const state = this.#states[pair] ?? 0
    if ((state & BOUNCED) !== 0) return
    this.#states[pair] = state | BOUNCED
    // A server that bounces a message without ever having acknowledged it owes us nothing.
    if ((state & REFUSED) !== 0 || !isAcknowledged(this.#options.receipts, message)) return
    this.#counts.bounced++
    if ((state & COPIES) === 0) this.#counts.settled++
    note(this.#ids.bounced, id)
    this.#noteBounce(bounce)
  }

  #noteBounce({
    status = null,
    recipient,
    text,
  }: Omit<NonNullable<Arrival['bounce']>, 'status'> & { status?: string | null | undefined }): void {
    const key = `${status} ${text.replaceAll(recipient, '').replace(/[0-9A-F]{8,}/gi, '')}`
    const known = this.#bounces.get(key)
    if (known !== undefined) known.count++
    else if (this.#bounces.size < MOST_BOUNCE_KINDS)
      this.#bounces.set(key, { status, text, recipient, count: 1 })
  }

  /** Which of a message's recipients a copy is for; where the store does not know, one that still waits. */
  #pairFor(message: number, recipient: string | undefined): number | undefined {
    const { recipients } = this.#options.mail.envelopeOf(message)
    const first = this.#pairs.of(message)
    let found: number | undefined
    for (let at = 0; at < recipients.length; at++) {
      if (recipient !== undefined && !isSame(recipients[at] ?? '', recipient)) continue
      const state = this.#states[first + at] ?? 0
      // An address that stands twice in an envelope waits for two copies.
      if ((state & COPIES) === 0 && (state & REFUSED) === 0) return first + at
      found ??= first + at
    }
    return found
  }

  #markRefused(refused: Uint32Array): void {
    for (let at = 0; at < refused.length; at += 2) {
      const message = refused[at] ?? 0
      if (message >= this.#options.planned) continue
      const pair = this.#pairs.of(message) + (refused[at + 1] ?? 0)
      if (pair < this.#pairs.of(message + 1)) this.#states[pair] = (this.#states[pair] ?? 0) | REFUSED
    }
  }

  #missingIds(): string[] {
    const { planned, receipts, idOf } = this.#options
    const ids: string[] = []
    for (let message = 0; message < planned && ids.length < MOST_IDS; message++) {
      if (!isAcknowledged(receipts, message)) continue
      const states = this.#states.subarray(this.#pairs.of(message), this.#pairs.of(message + 1))
      if (states.some((state) => state === 0)) ids.push(idOf(message))
    }
    return ids
  }
}

/** Where the recipients of each message begin in a row of all of them. */
class Pairs {
  readonly count: number
  /** Where all messages have as many recipients. */
  readonly #each: number | undefined
  readonly #begins: Uint32Array | undefined

  constructor(planned: number, mail: ExpectedMail) {
    let each: number | undefined
    let begins: Uint32Array | undefined
    let count = 0
    for (let message = 0; message < planned; message++) {
      const recipients = mail.envelopeOf(message).recipients.length
      each ??= recipients
      if (begins === undefined && recipients !== each) {
        begins = new Uint32Array(planned + 1)
        for (let before = 0; before < message; before++) begins[before] = before * each
      }
      if (begins !== undefined) begins[message] = count
      count += recipients
    }
    if (begins !== undefined) begins[planned] = count
    this.count = count
    this.#each = begins === undefined ? (each ?? 0) : undefined
    this.#begins = begins
  }

  /** Place of the first recipient of a message; of the message after the last one, the end. */
  of(message: number): number {
    return this.#each === undefined ? (this.#begins?.[message] ?? this.count) : message * this.#each
  }
}

/** RFC 5321 2.4 leaves the case of a local part to its host, and no host in use tells two mailboxes apart by it. */
function isSame(expected: string, found: string): boolean {
  if (expected === found) return true
  const [lower, other] = [expected.toLowerCase(), found.toLowerCase()]
  // A store may know its mailboxes by their users alone.
  return lower === other || (!other.includes('@') && lower.slice(0, lower.lastIndexOf('@')) === other)
}

function note(ids: Set<string>, id: string): void {
  if (ids.size < MOST_IDS) ids.add(id)
}
