import { expect } from 'vitest'
import { Random } from '../../../random.ts'
import type { ContractTest } from './hog.ts'
import { EventText } from './live-tests.ts'
import { RawSmtp } from './raw-smtp.ts'

const MEGABYTE = 1024 * 1024
const LINE = `${'x'.repeat(76)}\r\n`

/** What the real MailHog gets wrong (see known-defects.ts) and our stand-in must get right. */
export const betterTests: readonly ContractTest[] = [
  {
    title: 'takes the stuffed dot from the first line too',
    async run(hog) {
      await hog.send('.first\r\n..second')
      expect((await hog.newest()).Raw.Data).toBe('.first\r\n..second')
    },
  },
  {
    title: 'takes one dot from every line that begins with one, whatever follows it',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.envelope('a@x.test', ['b@y.test'])
      await smtp.write('one\r\n.two\r\n.\rthree\r\n.\r\n')
      await smtp.reply()
      expect((await hog.newest()).Raw.Data).toBe('one\r\ntwo\r\n\rthree')
    },
  },
  {
    title: 'keeps the header of a message whose body is empty',
    async run(hog) {
      await hog.send('Subject: no body\r\nX: y\r\n')
      const { Content } = await hog.newest()
      expect([Content.Headers.Subject, Content.Headers.X, Content.Body]).toEqual([['no body'], ['y'], ''])
    },
  },
  {
    title: 'forgets the recipients of an envelope when EHLO comes again',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.say('MAIL FROM:<old@x.test>')
      await smtp.say('RCPT TO:<old@y.test>')
      await smtp.say('EHLO me.test')
      await smtp.message('Subject: x\r\n\r\nb', 'new@x.test', ['new@y.test'])
      expect((await hog.newest()).Raw.To).toEqual(['new@y.test'])
    },
  },
  {
    title: 'has nothing on the page that begins where the messages end',
    async run(hog) {
      await hog.sendMany(3)
      expect(await hog.list('?start=3')).toEqual({ total: 3, count: 0, start: 3, items: [] })
      expect(await hog.search('containing', 'body', '&start=3')).toMatchObject({ total: 3, count: 0 })
    },
  },
  {
    title: 'downloads exactly the bytes that came, in their order',
    async run(hog) {
      const bytes = Buffer.from(
        'B: 2\r\nA: 1\r\nA: 1\r\n fold\r\nSubject:\r\n\r\n\xff\xe2\x82.\nbare\r',
        'latin1',
      )
      const id = await hog.send(bytes)
      const response = await hog.fetch(`/api/v1/messages/${id}/download`)
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes)
    },
  },
  {
    title: 'sends 50 messages that come at once as 50 whole server-sent events',
    async run(hog) {
      using stream = await EventText.open(`${hog.apiUrl}/api/v1/events`)
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      const transaction = 'MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nX: y\r\n\r\nbody\r\n.\r\n'
      await smtp.write(transaction.repeat(50))
      const events = await stream.events(50)
      const ids = events.map((event) => JSON.parse(event.replaceAll(/^data: /gm, '')).ID as string)
      expect(ids).toEqual((await hog.list('?limit=50')).items.map(({ ID }) => ID).reverse())
    },
  },
  {
    title: 'writes non-ASCII escaped, so that no chunk can cut a character',
    async run(hog) {
      await hog.send(Buffer.from('Subject: Grüße 🐗\r\n\r\nx'))
      const bytes = Buffer.from(await (await hog.fetch('/api/v2/messages')).arrayBuffer())
      expect(bytes.every((byte) => byte < 0x80)).toBe(true)
      expect(bytes.toString()).toContain('Gr\\u00fc\\u00dfe \\ud83d\\udc17')
    },
  },
  {
    title: 'takes 10 MB of 76-character lines within 5 s and gives them back',
    timeoutMs: 30_000,
    async run(hog) {
      const content = `Subject: big\r\n\r\n${LINE.repeat(Math.floor((10 * MEGABYTE) / LINE.length))}end`
      const startedMs = performance.now()
      await hog.send(content)
      expect(performance.now() - startedMs).toBeLessThan(5_000)
      const { Raw, Content } = await hog.newest()
      expect(Content.Size).toBe(content.length)
      expect(Raw.Data === content).toBe(true)
    },
  },
  {
    title: 'takes 50 MB within 10 s and gives back the same bytes',
    timeoutMs: 60_000,
    async run(hog) {
      const random = new Random('50 MB')
      const block = Buffer.from(Array.from({ length: MEGABYTE }, () => 32 + Math.floor(random.next() * 224)))
      const content = Buffer.concat([Buffer.from('Subject: huge\r\n\r\n'), ...Array(50).fill(block)])
      const startedMs = performance.now()
      const id = await hog.send(content)
      expect(performance.now() - startedMs).toBeLessThan(10_000)
      const response = await hog.fetch(`/api/v1/messages/${id}/download`)
      expect(content.equals(Buffer.from(await response.arrayBuffer()))).toBe(true)
    },
  },
]
