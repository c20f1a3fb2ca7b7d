import { expect, test } from 'vitest'
import { differenceOf, isReencoded } from './damage.ts'
import { TEST_BODY, testMail } from './message.fixture.ts'

const sent = testMail({ runId: 'a', number: 1 })

function multipart(text: string, encoding: string): Buffer {
  const lines = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    text,
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    'AAEC',
    '--b--',
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

test('shows the first difference with its line, octets escaped', () => {
  const arrived = testMail({ runId: 'a', number: 1, body: TEST_BODY.replace('fünf', 'f?nf\u0007') })
  expect(differenceOf(sent, arrived)).toBe('line 6 of the body:\n- f\\xc3\\xbcnf\n+ f?nf\\x07')
})

test('shows what is missing and what was added, cut', () => {
  expect(differenceOf(sent, sent.subarray(0, sent.indexOf('.second')))).toMatch(
    /^line 3 of the body:\n- \.second\n- From/,
  )
  const longer = Buffer.concat([sent, Buffer.from(`${'x'.repeat(200)}\r\n`.repeat(9))])
  const text = differenceOf(sent, longer) ?? ''
  expect(text).toMatch(/^line 7 of the body:\n\+ x{100}…\n/)
  expect(text).toMatch(/… and 4 lines more$/)
})

test('finds none where only line ends and the header differ', () => {
  const stored = Buffer.from(`X-Added: above\n${sent.toString().replaceAll('\r\n', '\n')}`)
  expect(differenceOf(sent, stored)).toBeUndefined()
})

test('a part in another encoding is no damage; another text in it is', () => {
  const before = multipart('fünf', '8bit')
  expect(isReencoded(before, multipart('f=C3=BCnf', 'quoted-printable'))).toBe(true)
  expect(isReencoded(before, multipart(Buffer.from('fünf').toString('base64'), 'base64'))).toBe(true)
  expect(isReencoded(before, multipart('f=C3=BCnx', 'quoted-printable'))).toBe(false)
  expect(isReencoded(before, multipart('funf', '8bit'))).toBe(false)
})
