import { type AttachmentSpec, attachmentSpecs } from './attachment-spec.ts'
import { ALIASES, type HeaderField, headerFields, headerText } from './header-fields.ts'
import { MAX_RECIPIENTS, type Mailbox, mailboxes, oneMailbox, Unacceptable } from './mailbox.ts'

/** A message as it is stored and sent; all of it was checked. */
export interface Mail {
  readonly from: Mailbox
  /** Envelope sender: `return_path`, else from; empty is the null sender (RFC 5321 4.5.5). */
  readonly envelopeFrom: string
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly bcc: readonly Mailbox[]
  readonly replyTo: readonly Mailbox[]
  readonly subject: string
  readonly text: string | undefined
  readonly html: string | undefined
  readonly messageId: string | undefined
  readonly headers: readonly HeaderField[]
  readonly attachments: readonly AttachmentSpec[]
}

/** A message as given, with the envelope of the queue around it. */
export interface Submission {
  readonly id: string
  readonly tenantId: string
  /** Undefined = the tenant's only account. */
  readonly accountId: string | undefined
  /** 0 immediate, 1 high, 2 medium, 3 low. */
  readonly priority: number
  readonly deferredTs: number | undefined
  readonly batchCode: string | undefined
  readonly mail: Mail
}

export interface SubmissionDefaults {
  /** For messages that name none: of the token, or of the tenant that is being synced. */
  readonly tenantId?: string | undefined
  readonly priority?: number | undefined
}

const LABELS: readonly string[] = ['immediate', 'high', 'medium', 'low']
const MEDIUM = 2
/** Also no lone surrogates: two of them would be one id in UTF-8. */
const ID = /^[^\p{Cc}\p{Cs}]{1,255}$/u
const BATCH_CODE = /^[^\p{Cc}\p{Cs}]{1,64}$/u
/** RFC 5322 3.6.4, without its folding: ASCII, as it goes out octet by octet. */
const MESSAGE_ID = /^<[!-;=?-~]{1,250}>$/

/** Reads one message; throws Unacceptable with the reason. Unknown keys are ignored, the seed's names are taken. */
export function readSubmission(given: unknown, defaults: SubmissionDefaults = {}): Submission {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new Unacceptable('a message has to be an object')
  const raw = given as Record<string, unknown>
  // Without it this would be ordinary mail, without the receipts that were asked for.
  if (raw.is_pec) throw new Unacceptable('is_pec is not built here: receipts of certified mail')
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

/** An id that a message has although it cannot be taken. */
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
    subject,
    ...bodies(raw),
    messageId: messageIdOf(raw.message_id),
    headers: headerFields(raw.headers),
    attachments: attachmentSpecs(raw.attachments),
  }
}

/** As the real one: what `headers` say of a field that has a key of its own counts. */
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

function returnPathOf(given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  return given === '<>' ? '' : oneMailbox('return_path', given).address
}

/** One body with its type, or the seed's pair of text and HTML. */
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

/** A number beyond 0 to 3 is clamped, a word has to be one of the four. */
export function readPriority(given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'number' && Number.isFinite(given)) return Math.min(3, Math.max(0, Math.trunc(given)))
  const at = LABELS.indexOf(String(given).toLowerCase())
  if (at === -1) throw new Unacceptable(`priority has to be 0 to 3, or one of ${LABELS.join(', ')}`)
  return at
}

/** Until the year 9999, beyond which PostgreSQL and JavaScript disagree. */
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
