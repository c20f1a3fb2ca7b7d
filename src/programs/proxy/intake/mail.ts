import { type AttachmentSpec, attachmentSpecs } from './attachment-spec.ts'
import { MAX_RECIPIENTS, type Mailbox, mailboxes, oneMailbox, Unacceptable } from './mailbox.ts'

/** A message as it is stored and sent, completely checked. */
export interface Mail {
  readonly from: Mailbox
  /** Envelope sender: `return_path`, else from; empty is the null sender (RFC 5321 4.5.5). */
  readonly envelopeFrom: string
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly bcc: readonly Mailbox[]
  readonly replyTo: readonly Mailbox[]
  /** Who sent it on behalf of `from` (RFC 5322 3.6.2): the header field, not the envelope. */
  readonly sender?: Mailbox | undefined
  readonly subject: string
  readonly text: string | undefined
  readonly html: string | undefined
  readonly messageId: string | undefined
  readonly headers: readonly HeaderField[]
  readonly attachments: readonly AttachmentSpec[]
}

/** A submitted message, with its data for the queue. */
export interface Submission {
  readonly id: string
  readonly tenantId: string
  /** Undefined: the tenant's only account. */
  readonly accountId: string | undefined
  /** 0 immediate, 1 high, 2 medium, 3 low. */
  readonly priority: number
  readonly deferredTs: number | undefined
  readonly batchCode: string | undefined
  readonly mail: Mail
}

export interface SubmissionDefaults {
  /** For messages that name no tenant: that of the token, or of the sync call. */
  readonly tenantId?: string | undefined
  readonly priority?: number | undefined
}

const LABELS: readonly string[] = ['immediate', 'high', 'medium', 'low']
const MEDIUM = 2
/** No lone surrogates either: two different ones would be the same in UTF-8. */
const ID = /^[^\p{Cc}\p{Cs}]{1,255}$/u
const BATCH_CODE = /^[^\p{Cc}\p{Cs}]{1,64}$/u
/** RFC 5322 3.6.4 without folding: ASCII, sent octet by octet. */
const MESSAGE_ID = /^<[!-;=?-~]{1,250}>$/

/** Parses one message, in either dialect; throws Unacceptable with the reason. Unknown keys are ignored. */
export function readSubmission(given: unknown, defaults: SubmissionDefaults = {}): Submission {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new Unacceptable('a message has to be an object')
  const raw = given as Record<string, unknown>
  // Otherwise it would be sent as ordinary mail, without the requested receipts.
  if (raw.is_pec) throw new Unacceptable('is_pec is not implemented here: receipts of certified mail')
  return {
    id: idOf(raw.id, 'id'),
    tenantId: idOf(raw.tenant_id ?? defaults.tenantId, 'tenant_id'),
    accountId:
      raw.account_id === undefined || raw.account_id === null
        ? undefined
        : idOf(raw.account_id, 'account_id'),
    priority: readPriority(raw.priority) ?? defaults.priority ?? MEDIUM,
    deferredTs: deferredTsOf(raw.deferred_ts),
    batchCode: batchCodeOf(raw.batch_code),
    mail: mailOf(raw),
  }
}

/** The id of a message that cannot be accepted. */
export function idOfRefused(given: unknown): string | undefined {
  const id = (given as { id?: unknown } | null)?.id
  return typeof id === 'string' && ID.test(id) ? id : undefined
}

function mailOf(given: Record<string, unknown>): Mail {
  const raw = withHeaderAliases(given)
  const from = oneMailbox('from', raw.from ?? raw.from_addr ?? raw.sender)
  const to = mailboxes('to', raw.to ?? raw.recipient_email ?? raw.recipient)
  if (to.length === 0) throw new Unacceptable('missing to')
  const [cc, bcc] = [mailboxes('cc', raw.cc), mailboxes('bcc', raw.bcc)]
  if (to.length + cc.length + bcc.length > MAX_RECIPIENTS)
    throw new Unacceptable(`to, cc and bcc have more than ${MAX_RECIPIENTS} addresses`)
  const subject = raw.subject === undefined ? '' : headerText('subject', raw.subject)
  if (subject === '') throw new Unacceptable('missing subject')
  return {
    from,
    envelopeFrom: returnPathOf(raw.return_path) ?? from.address,
    to,
    cc,
    bcc,
    replyTo: mailboxes('reply_to', raw.reply_to),
    sender: senderOf(raw.headers),
    subject,
    ...bodies(raw),
    messageId: messageIdOf(raw.message_id),
    headers: headerFields(raw.headers),
    attachments: attachmentSpecs(raw.attachments),
  }
}

/** As in genro-mail-proxy: a value in `headers` counts for a field that has its own key. */
function withHeaderAliases(raw: Record<string, unknown>): Record<string, unknown> {
  const { headers } = raw
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return raw
  const aliases: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(headers)) {
    const key = ALIASES.get(name.toLowerCase())
    if (key === undefined) rest[name] = value
    else if (value !== null) aliases[key] = value
  }
  return { ...raw, ...aliases, headers: rest }
}

/** Among the extra fields, but with the syntax of an address. */
function senderOf(headers: unknown): Mailbox | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const [given, ...others] = Object.entries(headers).filter(
    ([name, value]) => isSender(name) && value !== null,
  )
  if (given === undefined) return undefined
  if (others.length > 0) throw new Unacceptable('headers has more than one Sender')
  return oneMailbox(`headers.${given[0]}`, given[1])
}

const isSender = (name: string) => name.toLowerCase() === 'sender'

function returnPathOf(given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  return given === '<>' ? '' : oneMailbox('return_path', given).address
}

/** One body with its type, or the classic dialect's separate text and HTML. */
function bodies(raw: Record<string, unknown>): Pick<Mail, 'text' | 'html'> {
  const html = raw.body_html ?? (raw.content_type === 'html' ? raw.body : undefined)
  const text = raw.body_text ?? (raw.content_type === 'html' ? undefined : raw.body)
  return {
    text: bodyOf(text, 'body', html === undefined ? '' : undefined),
    html: bodyOf(html, 'body_html', undefined),
  }
}

function bodyOf(given: unknown, field: string, absent: string | undefined): string | undefined {
  if (given === undefined || given === null) return absent
  if (typeof given !== 'string') throw new Unacceptable(`${field} has to be text`)
  return given
}

function messageIdOf(given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const id = headerText('message_id', given)
  const bracketed = id.startsWith('<') ? id : `<${id}>`
  if (!MESSAGE_ID.test(bracketed))
    throw new Unacceptable('message_id is not a message id of ASCII characters')
  return bracketed
}

function idOf(given: unknown, field: string): string {
  if (given === undefined || given === null || given === '') throw new Unacceptable(`missing ${field}`)
  if (typeof given !== 'string' || !ID.test(given))
    throw new Unacceptable(
      `${field} has to be text of 1 to 255 characters, without control characters and lone surrogates`,
    )
  return given
}

/** Numbers outside 0 to 3 are clamped; words must be one of the four. */
export function readPriority(given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'number' && Number.isFinite(given)) return Math.min(3, Math.max(0, Math.trunc(given)))
  const at = LABELS.indexOf(String(given).toLowerCase())
  if (at === -1) throw new Unacceptable(`priority has to be 0 to 3, or one of ${LABELS.join(', ')}`)
  return at
}

/** The end of the year 9999, beyond which PostgreSQL and JavaScript disagree. */
const LAST_TS = 253_402_300_799

function deferredTsOf(given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'number' || !(given >= 0 && given <= LAST_TS))
    throw new Unacceptable('deferred_ts has to be seconds since 1970')
  return given
}

function batchCodeOf(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'string' || !BATCH_CODE.test(given) || given === '*')
    throw new Unacceptable('batch_code has to be text of 1 to 64 characters other than *')
  return given
}

export type HeaderField = readonly [name: string, value: string]

/** RFC 5322 3.6.8: printable ASCII without the colon. */
const FIELD_NAME = /^[!-9;-~]{1,76}$/
/** A tab is allowed in a value (RFC 5322 2.2); CR, LF and NUL would begin another field or the body. */
const CONTROLS = /[^\P{Cc}\t]/u
const MAX_FIELDS = 100
/** Many times the length of a line (RFC 5322 2.1.1), folded. */
const MAX_VALUE_LENGTH = 8_192

/**
 * RFC 5322 3.6.4: one or several message ids of printable ASCII. nodemailer writes these fields unchanged,
 * without encoded words, so other characters are not possible (RFC 6532 would allow them, on servers with
 * SMTPUTF8).
 */
const MESSAGE_IDS = /^(?:[!-;=?-~]|<[!-;=?-~]{1,250}>|[ \t])+$/
const OF_MESSAGE_IDS = new Set(['in-reply-to', 'references', 'content-id', 'resent-message-id'])
/** Structured fields (RFC 9651) without encoded words, which nodemailer also writes unchanged. */
const ASCII_ONLY = new Set(['otp-token'])
const ASCII = /^[\t -~]*$/
/**
 * A line may have 998 octets (RFC 5322 2.1.1) and is folded only at blanks; the rest is for name and blanks.
 */
const MAX_WORD_OCTETS = 900
/** RFC 2047 5 (1): unstructured fields, in which a long word may become several encoded words. */
const UNSTRUCTURED = /^(?:subject|comments|x-.*)$/i

/** Fields that the proxy writes itself, or that have their own key in a message. */
const TAKEN = new Set(
  ['from', 'to', 'cc', 'bcc', 'subject', 'reply-to', 'message-id', 'mime-version', 'x-genro-mail-id'].concat(
    ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id'],
    ['received', 'return-path', 'resent-bcc'],
  ),
)

/** Header fields accepted in place of a message key with the same meaning. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['reply-to', 'reply_to'],
  ['message-id', 'message_id'],
])

/** Extra header fields of a message; null values are skipped. Throws Unacceptable. */
function headerFields(given: unknown): HeaderField[] {
  if (given === undefined || given === null) return []
  if (typeof given !== 'object' || Array.isArray(given)) throw new Unacceptable('headers has to be an object')
  const entries = Object.entries(given).filter(([name, value]) => value !== null && !isSender(name))
  if (entries.length > MAX_FIELDS) throw new Unacceptable(`headers has more than ${MAX_FIELDS} fields`)
  return entries.map(([name, value]) => [fieldName(name), fieldValue(name, value)])
}

function fieldValue(name: string, given: unknown): string {
  const field = `headers.${name}`
  const value = headerText(field, given)
  if (OF_MESSAGE_IDS.has(name.toLowerCase()) && !MESSAGE_IDS.test(value))
    throw new Unacceptable(`${shown(field)} has to be message ids of ASCII characters, such as <id@domain>`)
  if (ASCII_ONLY.has(name.toLowerCase()) && !ASCII.test(value))
    throw new Unacceptable(`${shown(field)} has to be ASCII characters`)
  if (!UNSTRUCTURED.test(name) && hasLongWord(value))
    throw new Unacceptable(`${shown(field)} has a word of more than ${MAX_WORD_OCTETS} octets`)
  return value
}

/** Whether a value has a word too long for a line, however it is folded. */
export function hasLongWord(value: string): boolean {
  return value.length > MAX_WORD_OCTETS && value.split(/[ \t]+/).some((word) => word.length > MAX_WORD_OCTETS)
}

function fieldName(name: string): string {
  if (!FIELD_NAME.test(name))
    throw new Unacceptable(`headers has ${JSON.stringify(name.slice(0, 100))}, which is not a field name`)
  if (TAKEN.has(name.toLowerCase())) throw new Unacceptable(`headers may not set ${name}`)
  return name
}

/** Text allowed in a header field; throws Unacceptable. */
function headerText(field: string, given: unknown): string {
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean')
    throw new Unacceptable(`${shown(field)} has to be text`)
  const text = String(given)
  if (CONTROLS.test(text)) throw new Unacceptable(`${shown(field)} has control characters`)
  if (text.length > MAX_VALUE_LENGTH)
    throw new Unacceptable(`${shown(field)} is longer than ${MAX_VALUE_LENGTH}`)
  return text
}

function shown(field: string): string {
  return field.slice(0, 100).replace(/\p{Cc}/gu, '?')
}
