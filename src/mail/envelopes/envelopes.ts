import { drawAt } from '../../random.ts'
import { boundsOf, type Distribution, drawnFrom } from '../distribution.ts'
import { STREAMS } from '../streams.ts'
import { numbered } from './address.ts'
import { type Fill, type FilledPattern, fillOf, isAscii, isFixed, samplesOf, variety } from './pattern.ts'

/** Recipients that differ from message to message. Plain data. */
export interface RecipientsSpec {
  readonly pattern: FilledPattern
  /** Of each message. */
  readonly count: number | Distribution
  /** What stands before the numbers of addresses that would be equal; absent: `+`. */
  readonly mark?: ''
}

/** For whom a message is. */
export interface Correspondents {
  /** Empty: the null sender of bounces (RFC 5321 4.5.5). */
  readonly sender: string
  /** No two of them are equal. */
  readonly recipients: readonly string[]
}

export interface CorrespondentsOptions {
  readonly seed: number
  readonly sender: string | FilledPattern
  readonly recipients: readonly string[] | RecipientsSpec
}

/** Who writes to whom in message n. */
export function correspondents(options: CorrespondentsOptions): (message: number) => Correspondents {
  const senderOf = senders(options)
  const recipientsOf = recipients(options)
  const { sender, recipients: list } = options
  if (isList(list) && (typeof sender === 'string' || isFixed(sender))) {
    const always = { sender: senderOf(0), recipients: list }
    return () => always
  }
  return remembered((message) => ({ sender: senderOf(message), recipients: recipientsOf(message) }))
}

/** Of the message at hand, and of the one whose envelope is out behind it: each is asked for several times. */
function remembered<T>(find: (message: number) => T): (message: number) => T {
  let last: { readonly message: number; readonly found: T } | undefined
  let other: typeof last
  return (message) => {
    if (last?.message === message) return last.found
    const again = other?.message === message ? other : { message, found: find(message) }
    other = last
    last = again
    return again.found
  }
}

function senders({ seed, sender }: CorrespondentsOptions): (message: number) => string {
  if (typeof sender === 'string') return () => sender
  const fill = fillOf(sender)
  return (message) => fill({ seed, stream: STREAMS.sender, message, index: 0 })
}

function recipients({
  seed,
  recipients: spec,
}: CorrespondentsOptions): (message: number) => readonly string[] {
  if (isList(spec)) return () => spec
  const { pattern, count, mark } = spec
  const fill = fillOf(pattern)
  const areNumbered = needsNumbers(spec)
  const most = mostRecipients(spec)
  // As many as differ for certain, twice over: texts of several places may be equal by chance.
  const tries = Math.min(variety(pattern), 2 * most + 1000)
  return (message) => {
    const wanted = countOf(count, seed, message)
    if (areNumbered) {
      const one = fill({ seed, stream: STREAMS.recipient, message, index: 0 })
      return Array.from({ length: wanted }, (_, index) => numbered(one, index + 1, mark))
    }
    if (wanted === 1) return [fill({ seed, stream: STREAMS.recipient, message, index: 0 })]
    return different({ fill, seed, message, wanted, tries, mark })
  }
}

interface Wanted {
  readonly fill: Fill
  readonly seed: number
  readonly message: number
  readonly wanted: number
  readonly tries: number
  readonly mark: '' | undefined
}

function different({ fill, seed, message, wanted, tries, mark }: Wanted): readonly string[] {
  const found = new Set<string>()
  for (let index = 0; found.size < wanted && index < tries; index++)
    found.add(fill({ seed, stream: STREAMS.recipient, message, index }))
  const [first = ''] = found
  for (let number = 1; found.size < wanted; number++) found.add(numbered(first, number, mark))
  return [...found]
}

function countOf(count: number | Distribution, seed: number, message: number): number {
  if (typeof count === 'number') return count
  const { recipients: stream } = STREAMS
  return drawnFrom(count, drawAt(seed, stream, message), drawAt(seed, stream + 1, message))
}

/** The pattern gives one address to a message, which has several: they are numbered, as sink+1@…, sink+2@…. */
export function needsNumbers({ pattern, count }: RecipientsSpec): boolean {
  return mostRecipients({ count }) > 1 && variety(pattern) === 1
}

export function mostRecipients(spec: readonly string[] | Pick<RecipientsSpec, 'count'>): number {
  if (isList(spec)) return spec.length
  return typeof spec.count === 'number' ? spec.count : boundsOf(spec.count).most
}

export function isList(spec: readonly string[] | Pick<RecipientsSpec, 'count'>): spec is readonly string[] {
  return Array.isArray(spec)
}

/** Some of them, or all, are beyond ASCII (RFC 6531). */
export function hasUtf8Addresses({
  sender,
  recipients: spec,
}: Pick<CorrespondentsOptions, 'sender' | 'recipients'>): boolean {
  const from = typeof sender === 'string' ? [sender] : samplesOf(sender)
  const to = isList(spec) ? spec : samplesOf(spec.pattern)
  return [...from, ...to].some((address) => !isAscii(address))
}

/** Those of a message like the run's, where its seed does not matter. */
export function firstEnvelope(spec: Pick<CorrespondentsOptions, 'sender' | 'recipients'>): Correspondents {
  return correspondents({ ...spec, seed: 0 })(0)
}
