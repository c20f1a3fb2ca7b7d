import fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { expect, test } from 'vitest'
import { readSubmission } from '../intake/mail.ts'
import { compose, composePlain } from './compose.ts'
import { wireMessage } from './wire-message.ts'

const plain = {
  id: 'm1',
  tenant_id: 't',
  account_id: 'a',
  from: 'a@x.test',
  to: 'b@y.test',
  subject: 'hi',
  body: 'text',
}
const composed = (change: object = {}) => {
  const { id, tenantId, mail } = readSubmission({ ...plain, ...change })
  return { id, tenantId, mail }
}
const octetsOf = async (change: object) =>
  (await wireMessage(composed(change), [])).octets?.toString('latin1') ?? ''
const longestLine = (wire: string) => Math.max(...wire.split('\r\n').map((line) => line.length))

/** Fields by name, unfolded (RFC 5322 2.2.3). */
function fieldsOf(wire: string): Map<string, string> {
  const header = wire.slice(0, wire.indexOf('\r\n\r\n')).replace(/\r\n(?=[ \t])/g, '')
  return new Map(
    header.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
}

/** RFC 2047 2: Q encoding in UTF-8. */
function decoded(value: string): string {
  const joined = value.replace(/\?=\s+=\?UTF-8\?Q\?/gi, '')
  return joined.replace(/=\?UTF-8\?Q\?([^?]*)\?=/gi, (_, text: string) =>
    Buffer.from(
      text
        .replaceAll('_', ' ')
        .replace(/=([0-9A-F]{2})/g, (__, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8'),
  )
}

test.each([
  ['a long word as subject', { subject: 'x'.repeat(5_000) }, 'Subject', 'x'.repeat(5_000)],
  ['a long subject of words', { subject: 'word '.repeat(600).trim() }, 'Subject', 'word '.repeat(600).trim()],
  [
    'a long word in a field of its own',
    { headers: { 'X-Long': 'y'.repeat(2_000) } },
    'X-Long',
    'y'.repeat(2_000),
  ],
])('writes %s in lines that no server refuses', async (_what, change, name, value) => {
  const wire = await octetsOf(change)
  expect(longestLine(wire)).toBeLessThanOrEqual(78)
  expect(decoded(fieldsOf(wire).get(name) ?? '')).toBe(value)
})

test.each([
  ['text', { body: 'x'.repeat(3_000) }],
  ['HTML', { content_type: 'html', body: `<p>${'x'.repeat(3_000)}</p>` }],
  ['a name', { from: `${'N'.repeat(255)} <a@x.test>` }],
  ['many recipients', { to: Array.from({ length: 500 }, (_, n) => `user-${n}@example.com`) }],
  ['a file name', { attachments: [{ filename: `${'f'.repeat(250)}.txt`, storage_path: 'base64:aGk=' }] }],
  [
    'references',
    {
      headers: {
        References: Array.from({ length: 60 }, (_, n) => `<${n}@${'d'.repeat(30)}.test>`).join(' '),
      },
    },
  ],
])('writes long lines of %s in lines of at most 998 octets', async (_what, change) => {
  const message = composed(change)
  const attachments = message.mail.attachments.map(({ filename }) => ({
    filename,
    contentType: undefined,
    content: Buffer.from('hi'),
  }))
  const { octets, leastBytes } = await wireMessage(message, attachments)
  expect(longestLine(octets?.toString('latin1') ?? '')).toBeLessThanOrEqual(998)
  expect(leastBytes).toBe((octets?.length ?? 0) - 3)
})

test('lets no text of any field begin another field, or the body', async () => {
  // Narrowed to octets these are CR and LF; others are what Unicode calls ends of lines.
  const nasty = fc.constantFrom(
    '\u010d',
    '\u010a',
    '\u0d0d',
    '\u0a0a',
    '\u2028',
    '\u2029',
    '\u0085',
    'a',
    ' ',
    ':',
    'Bcc',
    '<',
    '>',
    '=?',
    '?=',
    '"',
    '\\',
    ',',
  )
  const text = fc.array(nasty, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))
  const allowed = new Set([
    'from',
    'to',
    'reply-to',
    'subject',
    'message-id',
    'date',
    'mime-version',
    'content-type',
    'content-transfer-encoding',
    'in-reply-to',
    'references',
    'x-own',
    'x-genro-mail-id',
  ])
  let taken = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({ subject: text, id: text, own: text, ids: text, name: text }),
      async (given) => {
        const change = {
          id: given.id,
          subject: given.subject,
          message_id: `${given.ids}@x.test`,
          from: `"${given.name.replace(/["\\]/g, '')}" <a@x.test>`,
          headers: { 'X-Own': given.own, 'In-Reply-To': given.ids, References: given.ids },
        }
        let message: ReturnType<typeof composed>
        try {
          message = composed(change)
        } catch {
          return // refused, by name
        }
        taken++
        const wire = (await wireMessage(message, [])).octets ?? Buffer.alloc(0)
        const header = wire.subarray(0, wire.indexOf('\r\n\r\n')).toString('latin1')
        const names = header
          .replace(/\r\n(?=[ \t])/g, '')
          .split('\r\n')
          .map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
        expect(names.filter((name) => !allowed.has(name))).toEqual([])
        expect(new Set(names).size).toBe(names.length)
        expect(header).toMatch(/^[\t\r\n -~]*$/)
        expect(wire.subarray(wire.indexOf('\r\n\r\n') + 4).toString('latin1')).toBe('text\r\n.\r\n')
      },
    ),
    { numRuns: 300 },
  )
  expect(taken).toBeGreaterThan(0)
})

test('writes plain text itself as nodemailer would', async () => {
  const name = fc.constantFrom('', 'A', 'Ann Other', 'A  B', 'Dr. No', 'x,y', 'Ärzte')
  const word = fc.constantFrom(
    'hello',
    'Re: yes',
    '=?x',
    'ü',
    'two  blanks',
    'x'.repeat(90),
    'a"b',
    '{"k": 1}',
  )
  const body = fc.constantFrom(
    'text',
    'a\nb\n',
    '.\n..\n',
    'ü',
    'x'.repeat(77),
    'x'.repeat(76),
    '',
    'tab\there ',
    'a\r\nb',
  )
  let own = 0
  await fc.assert(
    fc.asyncProperty(name, word, body, fc.boolean(), async (display, text, content, more) => {
      const change = {
        from: display === '' ? 'a@x.test' : `"${display}" <a@x.test>`,
        subject: text,
        body: content,
        ...(more
          ? { cc: 'c@z.test', reply_to: 'r@z.test', headers: { 'X-Own': text, 'List-Id': '<l.x.test>' } }
          : {}),
      }
      const message = composed(change)
      if (composePlain(message) !== undefined) own++
      const ours = (await wireMessage(message, [])).octets?.toString('latin1') ?? ''
      const theirs = (await new MailComposer(compose(message, [])).compile().build()).toString('latin1')
      const fields = (wire: string) =>
        new Map(
          [...fieldsOf(wire)]
            .filter(([field]) => field !== 'Date')
            .map(([field, value]) => [field.toLowerCase(), decoded(value)]),
        )
      expect(fields(ours)).toEqual(fields(theirs))
    }),
    { numRuns: 300 },
  )
  expect(own).toBeGreaterThan(10)
})
