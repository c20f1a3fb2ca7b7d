import { expect } from 'vitest'
import type { ContractTest } from './hog.ts'

export const contentTests: readonly ContractTest[] = [
  {
    title: 'shows the envelope, the header, the body and the raw data of a message',
    async run(hog) {
      const data = 'From: Ann <a@x.test>\r\nSubject: Plain & simple\r\nTo: Bob <b@y.test>\r\n\r\nhello'
      const id = await hog.send(data, 'a@x.test', ['b@y.test', 'hidden@z.test'])
      const message = await hog.newest()
      const path = (Mailbox: string, Domain: string) => ({ Relays: null, Mailbox, Domain, Params: '' })
      expect(message).toEqual({
        ID: id,
        From: path('a', 'x.test'),
        To: [path('b', 'y.test'), path('hidden', 'z.test')],
        Content: {
          Headers: {
            From: ['Ann <a@x.test>'],
            Subject: ['Plain & simple'],
            To: ['Bob <b@y.test>'],
            'Message-ID': [id],
            Received: [expect.stringMatching(receivedField(id))],
            'Return-Path': ['<a@x.test>'],
          },
          Body: 'hello',
          Size: data.length,
          MIME: null,
        },
        Created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/),
        MIME: null,
        Raw: { From: 'a@x.test', To: ['b@y.test', 'hidden@z.test'], Data: data, Helo: 'me.test' },
      })
      expect(Math.abs(Date.parse(message.Created) - Date.now())).toBeLessThan(60_000)
    },
  },
  {
    title: 'writes its JSON in the order and with the escapes of Go',
    async run(hog) {
      await hog.send('Subject: <x>\r\n\r\n&')
      const text = await (await hog.fetch('/api/v2/messages')).text()
      const keys = [...text.matchAll(/"([A-Za-z]+)":/g)].map(([, key]) => key)
      expect(keys.join(' ')).toBe(
        'total count start items ID From Relays Mailbox Domain Params To Relays Mailbox Domain Params ' +
          'Content Headers Received Subject Body Size MIME Created MIME Raw From To Data Helo',
      )
      expect(text).toContain('"Body":"\\u0026"')
      expect(text).toContain('["\\u003cx\\u003e"]')
    },
  },
  {
    title: 'joins folded fields, keeps the last of several with one name, and drops fields without ": "',
    async run(hog) {
      await hog.send(
        'X-Fold: one\r\n  two\r\n\tthree\r\nx-case: kept\r\nX-Twice: 1\r\nX-Twice: 2\r\nSubject:\r\nX:none\r\n\r\nb',
      )
      const { Headers } = (await hog.newest()).Content
      expect(Headers['X-Fold']).toEqual(['one  two\tthree'])
      expect(Headers['x-case']).toEqual(['kept'])
      expect(Headers['X-Twice']).toEqual(['2'])
      expect(Object.keys(Headers).sort()).toEqual([
        'Message-ID',
        'Received',
        'Return-Path',
        'X-Fold',
        'X-Twice',
        'x-case',
      ])
    },
  },
  {
    title: 'adds its Received and Return-Path behind those of the message, and keeps its Message-ID',
    async run(hog) {
      const id = await hog.send('received: from far\r\nReturn-path: <z@z>\r\nmessage-id: <m@m>\r\n\r\nb')
      const { Headers } = (await hog.newest()).Content
      expect(Headers.received).toEqual(['from far', expect.stringMatching(receivedField(id))])
      expect(Headers['Return-path']).toEqual(['<z@z>', '<a@x.test>'])
      expect(Headers['message-id']).toEqual(['<m@m>'])
      expect(Object.keys(Headers)).toHaveLength(3)
    },
  },
  {
    title: 'takes a message without an empty line for a body',
    async run(hog) {
      await hog.send('Subject: not a header')
      const { Content } = await hog.newest()
      expect(Content.Body).toBe('Subject: not a header')
      expect(Content.Headers.Subject).toBeUndefined()
    },
  },
  {
    title: 'splits nested multiparts, with a last part "--" after each closing boundary',
    async run(hog) {
      await hog.send(
        [
          'Content-Type: multipart/mixed; boundary="out er"; charset=x\r\n\r\npreamble',
          '\r\n--out er\r\nContent-Type: multipart/alternative;\r\n boundary=inner\r\n\r\n',
          '--inner\r\nContent-Type: text/plain\r\n\r\nplain\r\n--inner\r\n\r\nno header\r\n--inner--\r\n',
          '\r\n--out er\r\nContent-Type: text/html\r\n\r\n<b>\r\n--out er--',
        ].join(''),
      )
      const { MIME } = await hog.newest()
      const outer = MIME?.Parts?.map(({ Body, Size, Headers }) => [Body, Size, Object.keys(Headers)])
      expect(outer?.[0]).toEqual(['preamble', 8, []])
      expect(outer?.slice(2)).toEqual([
        ['<b>', 30, ['Content-Type']],
        ['--', 2, []],
      ])
      const inner = MIME?.Parts?.[1]?.MIME?.Parts?.map(({ Body, Headers }) => [Body, Object.keys(Headers)])
      expect(inner).toEqual([
        ['plain', ['Content-Type']],
        ['no header', []],
        ['--', []],
      ])
    },
  },
  {
    title: 'has Parts null when the boundary is missing or malformed',
    async run(hog) {
      for (const type of [
        'multipart/mixed',
        'multipart/mixed; boundary=a b',
        'multipart/mixed; boundary="a',
      ]) {
        await hog.send(`Content-Type: ${type}\r\n\r\n--a\r\n\r\nx\r\n--a--`)
        expect((await hog.newest()).MIME, type).toEqual({ Parts: null })
      }
    },
  },
  {
    title: 'shows UTF-8 as it is, and each byte that is none as U+FFFD',
    async run(hog) {
      const bytes = Buffer.concat([
        Buffer.from('Subject: Grüße 🐗\r\n\r\né '),
        Buffer.from([0xff, 0x41, 0xe2, 0x82, 0x42, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98]),
      ])
      await hog.send(bytes, onTheWire('é@x.test'), [onTheWire('ü@y.test')])
      const { Content, Raw } = await hog.newest()
      expect(Content.Headers.Subject).toEqual(['Grüße 🐗'])
      expect(Content.Body).toBe('é \ufffdA\ufffd\ufffdB\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd')
      expect(Content.Size).toBe(bytes.length)
      expect([Raw.From, Raw.To]).toEqual(['é@x.test', ['ü@y.test']])
    },
  },
]

/** UTF-8, one character per byte. */
function onTheWire(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function receivedField(id: string): RegExp {
  const host = 'mailhog\\.example'
  return new RegExp(
    `^from me\\.test by ${host} \\(MailHog\\)\\r\\n {10}id ${id.replaceAll('.', '\\.')}; \\w{3}, \\d\\d \\w{3} \\d{4} [\\d:]{8} [+-]\\d{4}$`,
  )
}
