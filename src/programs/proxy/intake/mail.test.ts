import { describe, expect, test } from 'vitest'
import { readSubmission } from './mail.ts'

const plain = {
  id: 'm1',
  tenant_id: 't',
  account_id: 'a',
  from: 'a@x.test',
  to: 'b@y.test',
  subject: 'hi',
  body: 'text',
}

test('takes a message as the real proxy documents it', () => {
  const given = {
    ...plain,
    to: ['B <b@y.test>', 'c@y.test, d@y.test'],
    priority: 'high',
    return_path: 'bounce@x.test',
  }
  expect(readSubmission(given)).toMatchObject({
    id: 'm1',
    tenantId: 't',
    accountId: 'a',
    priority: 1,
    mail: {
      envelopeFrom: 'bounce@x.test',
      to: [{ name: 'B', address: 'b@y.test' }, { address: 'c@y.test' }, { address: 'd@y.test' }],
      text: 'text',
      html: undefined,
    },
  })
})

test('takes the names that the clients of genro-mail-proxy’s pressure test use', () => {
  const seed = {
    id: 'tenant-x-0123456789ab',
    sender: 'noreply@tenant-x.example.com',
    recipient_email: 'user-1@example.com',
    subject: 'Test',
    body_text: 'plain',
    body_html: '<p>rich</p>',
    attachments: [
      {
        filename: 'a_{MD5:0123456789abcdef0123456789ABCDEF}.bin',
        storage_path: 'hash=0&size=1',
        content_type: 'application/pdf',
        fetch_mode: 'endpoint',
      },
    ],
  }
  const { accountId, tenantId, priority, mail } = readSubmission(seed, { tenantId: 'tenant-x' })
  expect({ accountId, tenantId, priority }).toEqual({
    accountId: undefined,
    tenantId: 'tenant-x',
    priority: 2,
  })
  expect(mail).toMatchObject({
    text: 'plain',
    html: '<p>rich</p>',
    from: { address: 'noreply@tenant-x.example.com' },
  })
  expect(mail.attachments[0]).toMatchObject({
    filename: 'a.bin',
    mimeType: 'application/pdf',
    mode: 'endpoint',
    md5: '0123456789abcdef0123456789abcdef',
  })
})

test('gives HTML only for the content type html', () => {
  expect(readSubmission({ ...plain, content_type: 'html' }).mail).toMatchObject({
    text: undefined,
    html: 'text',
  })
  expect(readSubmission({ ...plain, content_type: 'HTML' }).mail).toMatchObject({
    text: 'text',
    html: undefined,
  })
})

test.each([
  [-4, 0],
  [9, 3],
  ['low', 3],
  [undefined, 2],
])('reads priority %s as %s', (priority, expected) => {
  expect(readSubmission({ ...plain, priority }).priority).toBe(expected)
})

describe('refuses, with the reason', () => {
  test.each([
    ['a message that is a list', [], 'a message has to be an object'],
    ['no id', { ...plain, id: '' }, 'missing id'],
    ['an id with a line break', { ...plain, id: 'a\nb' }, 'id has to be text'],
    ['no recipient', { ...plain, to: [] }, 'missing to'],
    ['an empty subject', { ...plain, subject: '' }, 'missing subject'],
    ['an unknown priority', { ...plain, priority: 'urgent' }, 'priority has to be 0 to 3'],
    [
      'a line break in the subject',
      { ...plain, subject: 'a\r\nBcc: x@y.test' },
      'subject has control characters',
    ],
    [
      'a line break in an address',
      { ...plain, to: 'a@b.test\r\nRCPT TO:<x@y.test>' },
      'to has control characters',
    ],
    [
      'a line break in a name',
      { ...plain, from: '"A\nBcc: x@y.test" <a@b.test>' },
      'from has control characters',
    ],
    ['a bracket in an address', { ...plain, to: 'a@b.test>' }, 'which is not one mail address'],
    ['a parameter behind an address', { ...plain, to: 'a@b.test SIZE=9' }, 'which is not a mail address'],
    ['a blank in a local part', { ...plain, to: '"a> b"@c.test' }, 'which is not a mail address'],
    ['an address without a domain', { ...plain, to: 'postmaster' }, 'which is not a mail address'],
    ['two senders', { ...plain, from: 'a@b.test, c@d.test' }, 'from has more than one address'],
    [
      'a line break in a header value',
      { ...plain, headers: { 'X-A': 'a\r\nX-B: b' } },
      'headers.X-A has control characters',
    ],
    [
      'a line break in a header name',
      { ...plain, headers: { 'X-A\r\nBcc': 'x' } },
      'which is not a field name',
    ],
    ['a colon in a header name', { ...plain, headers: { 'X-A: b': 'x' } }, 'which is not a field name'],
    ['a header that is not its own', { ...plain, headers: { bcc: 'x@y.test' } }, 'headers may not set bcc'],
    [
      'a line break in a message id',
      { ...plain, message_id: '<a@b>\r\nX: y' },
      'message_id has control characters',
    ],
    [
      'a line break in a file name',
      { ...plain, attachments: [{ filename: 'a\r\nX: y', storage_path: 'p' }] },
      'attachments[0].filename has control characters',
    ],
    [
      'a wrong MD5',
      { ...plain, attachments: [{ filename: 'a_{MD5:12}.b', storage_path: 'p' }] },
      'an MD5 that is not 32 hex digits',
    ],
    [
      'an unknown fetch mode',
      { ...plain, attachments: [{ filename: 'a', storage_path: 'p', fetch_mode: 'ftp' }] },
      'fetch_mode has to be',
    ],
    [
      'two bracketed addresses without a comma',
      { ...plain, to: '<a@x.test> <b@x.test>' },
      'which is not one mail address',
    ],
    ['two addresses without a comma', { ...plain, to: 'a@x.test b@x.test' }, 'which is not a mail address'],
    ['something behind a bracketed address', { ...plain, cc: 'A <a@x.test> b@x.test' }, 'cc has'],
    [
      'an address within a name',
      { ...plain, to: 'a@x.test <b@x.test>, <c@x.test> d' },
      'which is not one mail address',
    ],
    [
      'a name that no line holds',
      { ...plain, from: `${'n'.repeat(256)} <a@x.test>` },
      'from has a name of more than 255',
    ],
    [
      'a message id beyond ASCII',
      { ...plain, message_id: 'a\u010d\u010aBcc:b@x.test' },
      'message_id is not a message id',
    ],
    [
      'references beyond ASCII',
      { ...plain, headers: { References: '<a\u010d\u010aBcc:@x>' } },
      'headers.References has to be message ids',
    ],
    [
      'an In-Reply-To beyond ASCII',
      { ...plain, headers: { 'in-reply-to': '\u010a' } },
      'headers.in-reply-to has to be message ids',
    ],
    [
      'a Sender that is no address',
      { ...plain, headers: { Sender: 'the é press office' } },
      'headers.Sender has',
    ],
    [
      'two Senders',
      { ...plain, headers: { Sender: 'a@x.test', sender: 'b@x.test' } },
      'headers has more than one Sender',
    ],
    [
      'a structured field beyond ASCII',
      { ...plain, headers: { 'OTP-Token': 'é' } },
      'headers.OTP-Token has to be ASCII',
    ],
    [
      'a long word where it cannot be encoded',
      { ...plain, headers: { 'List-Unsubscribe': `<https://x.test/${'u'.repeat(1_000)}>` } },
      'headers.List-Unsubscribe has a word of more than 900',
    ],
    [
      'a media type that is none',
      { ...plain, attachments: [{ filename: 'a', storage_path: 'p', mime_type: 'text/plain; x' }] },
      'attachments[0].mime_type has "text/plain; x"',
    ],
    [
      'a media type of several parts',
      { ...plain, attachments: [{ filename: 'a', storage_path: 'p', mime_type: 'multipart/mixed' }] },
      'which is not a media type of one part',
    ],
    [
      'a line break in a media type',
      {
        ...plain,
        attachments: [{ filename: 'a', storage_path: 'p', mime_type: 'text/plain; a="b\r\nX: y"' }],
      },
      'which is not a media type',
    ],
    [
      'a file URL',
      { ...plain, attachments: [{ filename: 'a', storage_path: 'file:///etc/hosts' }] },
      'attachments[0].storage_path has the scheme file',
    ],
    [
      'a URL that is not of HTTP',
      {
        ...plain,
        attachments: [{ filename: 'a', storage_path: 'file:///etc/hosts', fetch_mode: 'http_url' }],
      },
      'storage_path has to begin with http',
    ],
    ['a batch code that means all', { ...plain, batch_code: '*' }, 'batch_code has to be'],
    ['a time that is none', { ...plain, deferred_ts: 'soon' }, 'deferred_ts has to be seconds'],
  ])('%s', (_what, given, reason) => {
    expect(() => readSubmission(given)).toThrow(reason)
  })
})

test.each([
  ['document_{MD5:0123456789abcdef0123456789abcdef}.bin', 'document.bin'],
  ['{MD5:0123456789abcdef0123456789abcdef}.pdf', '.pdf'],
  ['a__b_{MD5:0123456789abcdef0123456789abcdef}_c.txt', 'a_b_c.txt'],
  ['a__b.txt', 'a__b.txt'],
])('shows %s to recipients as %s', (filename, shown) => {
  const { mail } = readSubmission({ ...plain, attachments: [{ filename, storage_path: 'p' }] })
  expect(mail.attachments[0]?.filename).toBe(shown)
})

test.each([
  ['base64:aGk=', 'base64', 'aGk='],
  ['https://x.test/a', 'http_url', 'https://x.test/a'],
  ['/srv/a', 'filesystem', '/srv/a'],
  ['doc=7', 'endpoint', 'doc=7'],
])('takes %s as %s', (storage_path, mode, source) => {
  const { mail } = readSubmission({ ...plain, attachments: [{ filename: 'a', storage_path }] })
  expect(mail.attachments[0]).toMatchObject({ mode, source })
})

test.each([
  ['text/calendar; method=REQUEST; charset=utf-8'],
  ['application/pdf'],
  ['text/csv; header="present"; charset="us ascii"'],
])('keeps the parameters of %s', (mime_type) => {
  const { mail } = readSubmission({
    ...plain,
    attachments: [{ filename: 'a', storage_path: 'p', mime_type }],
  })
  expect(mail.attachments[0]?.mimeType).toBe(mime_type)
})

test.each([
  ['"Doe, Jane" <jane@x.test>, b@x.test', ['jane@x.test', 'b@x.test']],
  ['"a <b@c> \\" d" <e@x.test>', ['e@x.test']],
  ['Friends: a@x.test, B <b@x.test>;', ['a@x.test', 'b@x.test']],
  ['a@x.test;b@x.test', ['a@x.test', 'b@x.test']],
  ['a@x.test,, b@x.test,', ['a@x.test', 'b@x.test']],
  ['jane@x.test (Jane, at home)', ['jane@x.test']],
])('takes every address of %s', (to, addresses) => {
  expect(readSubmission({ ...plain, to }).mail.to.map(({ address }) => address)).toEqual(addresses)
})

test('keeps a field that is named as something that every object of JavaScript has', () => {
  const { mail } = readSubmission({ ...plain, headers: { Constructor: 'x' } })
  expect(mail.headers).toEqual([['Constructor', 'x']])
})

test('refuses a file name that is not text', () => {
  const attachments = [{ filename: 'a\ud800.bin', storage_path: 'p' }]
  expect(() => readSubmission({ ...plain, attachments })).toThrow('lone surrogates')
})

test('takes a Sender as the mailbox that it is', () => {
  const { mail } = readSubmission({ ...plain, headers: { sender: 'Büro <büro@bücher.test>', 'X-A': '1' } })
  expect(mail.sender).toEqual({ name: 'Büro', address: 'büro@xn--bcher-kva.test' })
  expect(mail.headers).toEqual([['X-A', '1']])
})
