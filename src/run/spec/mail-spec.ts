import { MailstormError } from '../../error.ts'
import { boundsOf } from '../../mail/distribution.ts'
import { isMailbox, numbered } from '../../mail/envelopes/address.ts'
import { isList, mostRecipients, needsNumbers, type RecipientsSpec } from '../../mail/envelopes/envelopes.ts'
import {
  type FilledPattern,
  isFixed,
  type Pattern,
  readPattern,
  samplesOf,
  variety,
} from '../../mail/envelopes/pattern.ts'
import { filled } from '../../mail/envelopes/pick-table.ts'
import type { HeaderSpec } from '../../mail/generated.ts'
import { longestHead } from '../../mail/longest-head.ts'
import type { MailSpec } from '../../mail/mail.ts'
import { DEFAULT_SIZE, SIZES, type SizeName } from '../../options/kind.ts'
import { CUSTOM_DEFAULTS } from '../../options/load.ts'
import {
  distributionOf,
  dsnOf,
  type Headers,
  headerTextProblem,
  NULL_SENDER,
  publicSample,
} from '../../options/mail.ts'
import { readStoreAddress } from '../../verify/stores/forms.ts'

/** What a scenario says of its messages (spec.ts). */
export interface MailFields {
  /** Of a corpus it is known once that has been read. */
  readonly size?: SizeName | number | string
  readonly sender?: string
  readonly recipient?: string
  readonly recipients?: number | string
  readonly headers?: Headers
  readonly dsn?: string
  readonly corpus?: string
  readonly verify?: string
}

/**
 * To Mailpit `name+tag` is a tag of the message, which slows it down, and to inbucket the mailbox of `name`, of which it
 * keeps 500 messages.
 */
const TAKE_TAGS: readonly string[] = ['mailpit', 'inbucket']

/**
 * The mail of a spec that was checked field by field (spec-check.ts). Throws MailstormError when a file that it picks
 * from cannot be read, when what is picked makes no address or one of real people, or when fields do not fit.
 */
export function resolveMail(fields: MailFields, allowPublic: boolean): MailSpec {
  const { sender = CUSTOM_DEFAULTS.sender, recipient = CUSTOM_DEFAULTS.recipient, recipients = 1 } = fields
  const { headers, dsn, corpus } = fields
  if (corpus !== undefined && headers !== undefined) checkAddable(headers)
  const mail: MailSpec = {
    sizeBytes: sizeOf(fields.size),
    sender: sender === NULL_SENDER ? '' : addressOf('sender', sender, allowPublic),
    recipients: recipientsOf(addressOf('recipient', recipient, allowPublic), recipients, markOf(fields)),
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(dsn === undefined ? {} : { dsn: dsnOf(dsn) }),
  }
  return corpus === undefined ? withRoom(mail) : mail
}

/** RFC 5322 3.6: of these a message has one at most, and a message of a corpus has its own. */
const ONCE = /^(from|sender|reply-to|to|cc|bcc|message-id|in-reply-to|references|subject|date)$/i

function checkAddable(headers: Headers): void {
  const once = Object.keys(headers).find((name) => ONCE.test(name))
  if (once !== undefined)
    throw refusal(
      `headers has ${once}, which a message has once (RFC 5322 3.6), and those of a corpus have their own. Leave it out.`,
    )
}

function headersOf(headers: Headers): readonly HeaderSpec[] {
  return Object.entries(headers).map(([name, text]) => {
    const read = readPattern(text)
    if ('wrong' in read) throw refusal(`headers has ${name}, whose value ${read.wrong}.`)
    const value = filled(read.value)
    for (const sample of samplesOf(value)) {
      const wrong = headerTextProblem(sample)
      if (wrong !== undefined)
        throw refusal(`headers has ${name}, and a value of it ${wrong}: ${shown(sample)}.`)
    }
    return { name, value }
  })
}

/**
 * The smallest messages have room for their header, where that has addresses that differ or headers of the scenario's
 * own; of a lognormal distribution, none is smaller.
 */
function withRoom(mail: MailSpec): MailSpec {
  const { sizeBytes, sender, recipients, headers } = mail
  if (
    typeof sizeBytes === 'number' &&
    headers === undefined &&
    typeof sender === 'string' &&
    isList(recipients)
  )
    return mail
  // The shortest body is one empty line.
  const needed = longestHead(mail) + 2
  if (typeof sizeBytes !== 'number' && sizeBytes.kind === 'lognormal')
    return { ...mail, sizeBytes: { ...sizeBytes, least: Math.max(sizeBytes.least, needed) } }
  const least = typeof sizeBytes === 'number' ? sizeBytes : boundsOf(sizeBytes).least
  if (least >= needed) return mail
  throw refusal(
    `size: a message of ${least.toLocaleString('en-US')} bytes has no room for its header, which takes up to ${(needed - 2).toLocaleString('en-US')} with these addresses and headers. Make it larger.`,
  )
}

function sizeOf(size: MailFields['size'] = DEFAULT_SIZE): MailSpec['sizeBytes'] {
  if (typeof size === 'number') return size
  return distributionOf(size, 'size') ?? SIZES[size as SizeName]
}

/** What stands before the number of an address that would be another's: nothing where the store makes more of `+`. */
function markOf({ verify = 'none' }: MailFields): '' | undefined {
  const read = readStoreAddress(verify)
  const scheme = 'wrong' in read ? undefined : read.value?.scheme
  return scheme !== undefined && TAKE_TAGS.includes(scheme) ? '' : undefined
}

function recipientsOf(
  address: string | FilledPattern,
  given: number | string,
  mark: '' | undefined,
): MailSpec['recipients'] {
  const count = typeof given === 'number' ? given : (distributionOf(given, 'recipients') ?? 1)
  const pattern = typeof address === 'string' ? { text: address, pieces: [address], tables: [] } : address
  const spec: RecipientsSpec = { pattern, count, ...(mark === undefined ? {} : { mark }) }
  if (typeof address === 'string' && typeof count === 'number')
    return count === 1
      ? [address]
      : Array.from({ length: count }, (_, index) => numbered(address, index + 1, mark))
  const most = mostRecipients(spec)
  const different = variety(pattern)
  if (!needsNumbers(spec) && different < most)
    throw refusal(
      `recipient ${JSON.stringify(pattern.text)} makes ${different.toLocaleString('en-US')} different addresses, and a message has up to ${most.toLocaleString('en-US')} recipients.`,
    )
  return spec
}

/** An address, or a pattern of them with the files that it picks from, all of which are addresses. */
function addressOf(name: string, text: string, allowPublic: boolean): string | FilledPattern {
  const read = readPattern(text)
  if ('wrong' in read) throw refusal(`${name} ${JSON.stringify(text)} ${read.wrong}.`)
  const pattern = filled(read.value)
  checkDomain(name, pattern)
  checkPicked(name, pattern)
  const problem = allowPublic
    ? undefined
    : publicSample(`${name} ${JSON.stringify(text)}`, samplesOf(pattern))
  if (problem !== undefined) throw refusal(problem)
  return isFixed(pattern) ? pattern.pieces.join('') : pattern
}

/** Of two files only the rows of one at a time are looked at: what both make together would be unknown. */
function checkDomain(name: string, { text, pieces }: Pattern): void {
  const at = pieces.findLastIndex((piece) => typeof piece === 'string' && piece.includes('@'))
  const domain = pieces.slice(at + 1).filter((piece) => typeof piece !== 'string' && piece.kind === 'pick')
  const files = new Set(
    domain.map((piece) => typeof piece !== 'string' && piece.kind === 'pick' && piece.file),
  )
  if (files.size > 1)
    throw refusal(`${name} ${JSON.stringify(text)} picks its domain from two files. Pick it from one.`)
}

function checkPicked(name: string, pattern: FilledPattern): void {
  for (const sample of samplesOf(pattern))
    if (!isMailbox(sample))
      throw refusal(
        `${name} ${JSON.stringify(pattern.text)} gives ${shown(sample)}, which is not a mail address. Correct the file, or the column.`,
      )
}

const SHOWN_CHARACTERS = 60

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}

function refusal(problem: string): MailstormError {
  return new MailstormError('BAD_SCENARIO', `Failed to read the scenario:\n  ${problem}`)
}
