import { expect, test } from 'vitest'
import { readSubmission } from '../proxy/intake/mail.ts'
import { bytesOf, recipientsOf, subjectOf, textMd5Of, textOf } from './draft.ts'
import { MessageGenerator } from './generator.ts'
import { DIALECTS, type Dialect, tenantConfig } from './options.ts'
import { readStoragePath, wireMessage } from './wire.ts'

const config = (dialect: Dialect) =>
  tenantConfig({
    profile: 'standard',
    dialect,
    attachmentShare: 1,
    maxAttachmentBytes: 3_000,
    messagesPerSync: 20,
  })

async function firstMessage(dialect: Dialect) {
  const [draft] = await new MessageGenerator(config(dialect)).next()
  if (draft === undefined) throw new Error('the seed makes no message')
  return { draft, message: wireMessage(draft, config(dialect)) }
}

test('has the names of the published clients in the classic dialect', async () => {
  const { draft, message } = await firstMessage('classic')
  expect(Object.keys(message).sort()).toEqual(
    [
      'id',
      'tenant_id',
      'sender',
      'recipient_email',
      'subject',
      'body_text',
      'body_html',
      'priority',
      'attachments',
    ].sort(),
  )
  const [{ md5, content } = expect.fail()] = draft.attachments
  expect(message.attachments).toEqual([
    {
      filename: expect.stringMatching(new RegExp(`^\\w+-1_\\{MD5:${md5}\\}\\.\\w+$`)),
      storage_path: `hash=${md5}&size=3000&content=${content.key}`,
      content_type: expect.stringContaining('/'),
      fetch_mode: 'endpoint',
    },
  ])
})

test('has exactly the names that genro-mail-proxy 0.6.10 takes in its dialect', async () => {
  const { message } = await firstMessage('genro')
  expect(Object.keys(message).sort()).toEqual(
    ['id', 'tenant_id', 'account_id', 'from', 'to', 'subject', 'body', 'priority', 'attachments'].sort(),
  )
  // Any other key of an attachment is answered with 422.
  expect(Object.keys((message.attachments as object[])[0] ?? {}).sort()).toEqual(
    ['filename', 'storage_path', 'mime_type', 'fetch_mode'].sort(),
  )
})

test.each(DIALECTS)('is what our proxy understands as what was meant, in dialect %s', async (dialect) => {
  const { draft, message } = await firstMessage(dialect)
  const { mail, ...envelope } = readSubmission(message)
  const [{ md5, filename, mimeType } = expect.fail()] = draft.attachments
  expect(envelope).toMatchObject({ id: draft.id, tenantId: 'tenant-standard', priority: draft.priority })
  expect(mail).toMatchObject({
    to: [{ address: recipientsOf(draft)[0] }],
    subject: subjectOf(draft),
    text: textOf(draft),
    attachments: [{ filename, md5, mimeType, mode: 'endpoint' }],
  })
  expect(textMd5Of(draft)).toMatch(/^[\da-f]{32}$/)
})

test('finds the content again by its path alone', async () => {
  const { draft, message } = await firstMessage('classic')
  const [{ storage_path: path } = expect.fail()] = message.attachments as { storage_path: string }[]
  const [{ md5, content } = expect.fail()] = draft.attachments
  const read = readStoragePath(path)
  expect(read).toEqual({ md5, content })
  expect([...bytesOf(read?.content ?? expect.fail())].map((block) => block.length)).toEqual([2_936, 64])
})

test.each([
  'hash=0&size=10',
  'hash=0&size=10&content=a',
  'hash=0&size=1e3&content=../etc/passwd',
  'hash=0&size=999999999999&content=a',
  'size=1000&content=a',
  '/etc/passwd',
  '',
])('takes %j for no path of a tenant', (path) => {
  expect(readStoragePath(path)).toBeUndefined()
})

test.each(DIALECTS)('names the account for large attachments where there is one: %s', async (dialect) => {
  const largeAccount = { id: 'smtp-large', fromBytes: 3_000 }
  for (const [maxAttachmentBytes, account] of [
    [3_000, 'smtp-large'],
    [2_999, 'smtp-standard'],
  ] as const) {
    const sized = tenantConfig({
      profile: 'standard',
      dialect,
      attachmentShare: 1,
      largeAccount,
      maxAttachmentBytes,
    })
    const [draft = expect.fail()] = await new MessageGenerator(sized).next()
    expect(wireMessage(draft, sized).account_id).toBe(account)
  }
})
