import { expect, test } from 'vitest'
import { embeddedMailhog } from '../../containers/mailhog.ts'
import type { MailhogMessage } from '../../containers/mailhog-client.ts'
import { Hog } from '../../src/programs/sink/contract/hog.ts'
import { Random } from '../../src/random.ts'
import { bootMailhog } from './boot-mailhog.ts'

const binary = process.env.MAILHOG_BIN
const SEED = 8025
const MESSAGES = 500

const FIELDS = [
  'Subject: plain',
  'subject: lower',
  'Subject: <a> & "b" \\ \t',
  'To: Bob <b@y.test>, c@z.test',
  'X-Empty:',
  'X-NoSpace:v',
  'X: a: b: c',
  ': no name',
  ' folded line',
  '\tfolded by a tab',
  'Message-id: <m@x>',
  'RECEIVED: from x',
  'no colon at all',
  'X-8bit: \xc3\xa9 \xff \xe2\x82 \xed\xa0\x80 \xf4\x90\x80\x80',
  'Content-Type: multipart/mixed; boundary=B',
  'Content-Type: multipart/mixed; boundary="B"; x=y',
  'Content-Type: multipart/related;\r\n\tBOUNDARY="B" ;',
  'Content-Type: multipart/mixed; boundary=B x',
  'Content-Type: text/plain; boundary=B',
  'content-type: multipart/mixed; boundary=B',
]
const BODY = [
  '--B',
  '--B--',
  '\r\n',
  '\r\n\r\n',
  'text',
  '.',
  '\n',
  '\r',
  '<&>',
  '\xc3\xa9',
  '\xff',
  ...FIELDS,
]

/** The first line is no field with a dot or a fold, and the body is not empty: there MailHog is wrong. */
function anyMessage(random: Random): Buffer {
  const some = (pool: readonly string[], most: number) =>
    Array.from(
      { length: Math.floor(random.next() * most) },
      () => pool[Math.floor(random.next() * pool.length)] ?? '',
    )
  const header = ['X-First: 1', ...some(FIELDS, 8)].join('\r\n')
  return Buffer.from(`${header}\r\n\r\n${some(BODY, 25).join('\r\n')}end`, 'latin1')
}

/** Without what has to differ: ids and times. */
function comparable(message: MailhogMessage): unknown {
  const text = JSON.stringify({ ...message, Created: '' })
  return JSON.parse(
    text
      .replaceAll(message.ID, 'ID')
      .replaceAll(/(?<=id ID; )\w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, 'DATE'),
  )
}

test.skipIf(binary === undefined)(
  `shows ${MESSAGES} odd messages exactly as the real MailHog does (seed ${SEED}; MAILHOG_BIN names the real one)`,
  { timeout: 60_000 },
  async () => {
    await using ours = await embeddedMailhog().start()
    await using real = await bootMailhog(binary ?? '', {})
    const hogs = [ours, real].map((booted) => new Hog(booted, () => Promise.reject(new Error('no more'))))
    const random = new Random(`twins ${SEED}`)
    for (let n = 0; n < MESSAGES; n++) {
      const content = anyMessage(random)
      const [shown, expected] = await Promise.all(
        hogs.map(async (hog) => {
          await hog.send(content)
          return comparable(await hog.newest())
        }),
      )
      expect(shown, `message ${n}: ${JSON.stringify(content.toString('latin1'))}`).toEqual(expected)
    }
  },
)
