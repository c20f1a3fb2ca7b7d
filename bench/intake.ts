import { z } from 'zod'
import { readSubmission } from '../src/programs/proxy/intake/mail.ts'
import { mailboxes, oneMailbox } from '../src/programs/proxy/intake/mailbox.ts'

/**
 * What zod would cost where the proxy reads messages: `node bench/intake.ts`. The same checks twice, by hand
 * (src/programs/proxy/intake) and as one schema; addresses are read by the same function in both. In turns.
 */
const MESSAGES = 20_000
const ROUNDS = 7

const ID = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u)
const headerText = z
  .union([z.string(), z.number(), z.boolean()])
  .transform(String)
  .pipe(
    z
      .string()
      .max(8_192)
      .regex(/^[\P{Cc}\t]*$/u),
  )
const addresses = (field: string) => z.unknown().transform((given) => mailboxes(field, given))
const line = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u)

const attachment = z
  .object({
    filename: line,
    storage_path: z.string().min(1).max(4_096).optional(),
    content: z.string().optional(),
    fetch_mode: z.enum(['base64', 'endpoint', 'http_url', 'filesystem']).nullish(),
    mime_type: z
      .string()
      .regex(/^(?!multipart\/)[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/i)
      .nullish(),
    content_id: z
      .string()
      .regex(/^<?[!-;=?-~]{1,250}>?$/)
      .nullish(),
    content_md5: z
      .string()
      .regex(/^[0-9a-f]{32}$/i)
      .nullish(),
    auth: z.object({ method: z.enum(['none', 'bearer', 'basic']), token: z.string().optional() }).nullish(),
  })
  .transform((item) => ({
    filename: item.filename.replace(/\{MD5:[0-9a-f]+\}/gi, ''),
    mimeType: item.mime_type ?? undefined,
    contentId: item.content_id ?? undefined,
    mode: item.fetch_mode ?? 'endpoint',
    source: item.storage_path ?? item.content ?? '',
    md5: item.content_md5 ?? /\{MD5:([0-9a-f]+)\}/i.exec(item.filename)?.[1],
    auth: item.auth ?? undefined,
  }))

const submission = z
  .object({
    id: ID,
    tenant_id: ID.nullish(),
    account_id: ID.nullish(),
    priority: z.union([z.number(), z.enum(['immediate', 'high', 'medium', 'low'])]).nullish(),
    deferred_ts: z.number().min(0).max(253_402_300_799).nullish(),
    batch_code: z.string().min(1).max(64).nullish(),
    from: z.unknown().transform((given) => oneMailbox('from', given)),
    to: addresses('to'),
    cc: addresses('cc').optional(),
    bcc: addresses('bcc').optional(),
    reply_to: addresses('reply_to').optional(),
    subject: headerText,
    body: z.string().nullish(),
    body_html: z.string().nullish(),
    content_type: z.string().nullish(),
    message_id: z
      .string()
      .regex(/^<[!-;=?-~]{1,250}>$/)
      .nullish(),
    headers: z.record(z.string().regex(/^[!-9;-~]{1,76}$/), headerText).nullish(),
    attachments: z.array(attachment).max(100).nullish(),
  })
  .transform((raw) => ({
    id: raw.id,
    tenantId: raw.tenant_id ?? 't',
    accountId: raw.account_id ?? undefined,
    priority: typeof raw.priority === 'number' ? Math.min(3, Math.max(0, raw.priority)) : 2,
    deferredTs: raw.deferred_ts ?? undefined,
    batchCode: raw.batch_code ?? undefined,
    mail: {
      from: raw.from,
      envelopeFrom: raw.from.address,
      to: raw.to,
      cc: raw.cc ?? [],
      bcc: raw.bcc ?? [],
      replyTo: raw.reply_to ?? [],
      subject: raw.subject,
      text: raw.body ?? undefined,
      html: raw.body_html ?? undefined,
      messageId: raw.message_id ?? undefined,
      headers: Object.entries(raw.headers ?? {}),
      attachments: raw.attachments ?? [],
    },
  }))

const plain = {
  tenant_id: 't',
  account_id: 'a',
  from: 'Sender <noreply@tenant-x.example.com>',
  to: 'user-1@example.com',
  subject: 'Your order has been shipped',
  body: 'It will arrive on Tuesday.\n'.repeat(40),
  priority: 2,
}
const SHAPES: Readonly<Record<string, object>> = {
  plain,
  'three header fields': {
    ...plain,
    headers: { 'X-Campaign': 'autumn', 'X-Batch': '17', 'List-Unsubscribe': '<https://x.test/u/1>' },
  },
  'two attachments': {
    ...plain,
    attachments: [1, 2].map((number) => ({
      filename: `report_{MD5:0123456789abcdef0123456789abcde${number}}.pdf`,
      storage_path: `hash=${number}&size=10240`,
      mime_type: 'application/pdf',
      fetch_mode: 'endpoint',
    })),
  },
}

/** CPU of this process, which other load of the machine does not touch as it does the clock on the wall. */
function microsecondsEach(messages: readonly object[], read: (message: object) => unknown): number {
  const before = process.cpuUsage()
  for (const message of messages) read(message)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / messages.length
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

for (const [name, shape] of Object.entries(SHAPES)) {
  const messages = Array.from({ length: MESSAGES }, (_, index) => ({ ...shape, id: `m${index}` }))
  const byHand: number[] = []
  const byZod: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    byHand.push(microsecondsEach(messages, (message) => readSubmission(message)))
    byZod.push(microsecondsEach(messages, (message) => submission.parse(message)))
  }
  const [hand, zod] = [median(byHand), median(byZod)]
  console.log(
    `${name}: by hand ${hand.toFixed(1)} µs of CPU a message, zod ${zod.toFixed(1)} µs (${(zod / hand).toFixed(2)} times)`,
  )
}
