import { createHash } from 'node:crypto'
import fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { expect, test } from 'vitest'
import { MimeDigest, type MimeFacts, textDigest } from './mime-digest.ts'

const md5 = (content: Buffer | string) => createHash('md5').update(content).digest('hex')

function digestOf(message: Buffer, blockBytes = message.length): MimeFacts {
  const digest = new MimeDigest()
  for (let at = 0; at < message.length; at += blockBytes) digest.push(message.subarray(at, at + blockBytes))
  return digest.end()
}

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))

const NESTED = crlf(`Subject: x
Content-Type: multipart/mixed; boundary="outer"

a preamble with --outer in it
--outer
Content-Type: multipart/alternative; boundary=outer-2

--outer-2
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

H=C3=A4llo =
you
--outer-2
Content-Type: text/html

<p>hi</p>
--outer-2--

--outer
Content-Type: application/pdf
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="a b.pdf"

YWJj
ZGVm
--outer
Content-Type: text/plain
Content-Disposition: attachment; filename*0*=utf-8''%C3%A4; filename*1=.txt

--not-outer
--outer
Content-Disposition: attachment; filename=empty.bin

--outer--
an epilogue
`)

test('digests texts and attachments of nested multiparts', () => {
  expect(digestOf(NESTED)).toEqual({
    text_md5: textDigest('Hällo you'),
    html_md5: textDigest('<p>hi</p>'),
    attachments: [
      { name: 'a b.pdf', bytes: 6, md5: md5('abcdef') },
      { name: 'ä.txt', bytes: 11, md5: md5('--not-outer') },
      { name: 'empty.bin', bytes: 0, md5: md5('') },
    ],
  })
})

test('gives the same wherever the message is cut', () => {
  const whole = digestOf(NESTED)
  for (let blockBytes = 1; blockBytes < 120; blockBytes++) expect(digestOf(NESTED, blockBytes)).toEqual(whole)
})

test('reads a message of one part, one without a body, and one whose last boundary is missing', () => {
  expect(digestOf(crlf('Subject: x\n\nhi\n\n'))).toMatchObject({ text_md5: textDigest('hi') })
  expect(digestOf(crlf('Subject: x\n'))).toEqual({
    text_md5: textDigest(''),
    html_md5: null,
    attachments: [],
  })
  expect(digestOf(crlf('Content-Type: multipart/mixed; boundary=b\n\n--b\n\ncut'))).toMatchObject({
    text_md5: textDigest('cut'),
  })
})

test('joins lines broken by format=flowed', () => {
  const flowed = crlf('Content-Type: text/plain; format=flowed\n\none \ntwo\n  three\n')
  expect(digestOf(flowed).text_md5).toBe(textDigest('one two\n three'))
})

test('tells one changed byte of an attachment', () => {
  const changed = Buffer.from(NESTED.toString('latin1').replace('YWJj', 'YWJk'), 'latin1')
  expect(digestOf(changed).attachments[0]).toEqual({ name: 'a b.pdf', bytes: 6, md5: md5('abddef') })
})

test('finds the text and attachments that a mailer composed', async () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 3 })
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', 'ä', '=', '.', '-', '>'), maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(text, contents, fc.integer({ min: 1, max: 4_000 }), async (end, files, blockBytes) => {
      // A mailer leaves an empty text out.
      const body = `x${end}`
      const attachments = files.map((content, n) => ({
        filename: `file ${n}.bin`,
        content: Buffer.from(content),
      }))
      const mail = { from: 'a@x.test', to: 'b@y.test', subject: 's', text: body, attachments }
      const message = await new MailComposer(mail).compile().build()
      const wanted = attachments.map(({ filename, content }) => ({
        name: filename,
        bytes: content.length,
        md5: md5(content),
      }))
      expect(digestOf(message, blockBytes)).toEqual({
        text_md5: textDigest(body),
        html_md5: null,
        attachments: wanted,
      })
    }),
    { numRuns: 200 },
  )
})
