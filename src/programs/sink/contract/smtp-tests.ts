import { expect } from 'vitest'
import type { ContractTest } from './hog.ts'
import { RawSmtp } from './raw-smtp.ts'

export const smtpTests: readonly ContractTest[] = [
  {
    title: 'greets with its host name and "ESMTP MailHog"',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.open(smtpPort)
      expect(await smtp.reply()).toBe('220 mailhog.example ESMTP MailHog')
    },
  },
  {
    title: 'offers PIPELINING and AUTH PLAIN and nothing else',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.open(smtpPort)
      await smtp.reply()
      expect(await smtp.say('ehlo me.test')).toBe('250-Hello me.test\r\n250-PIPELINING\r\n250 AUTH PLAIN')
      expect(await smtp.say('HELO me.test')).toBe('250 Hello me.test')
    },
  },
  {
    title: 'answers a transaction in its own words',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.greeted(smtpPort)
      expect(await smtp.say('MAIL FROM:<a@x.test> SIZE=5')).toBe('250 Sender a@x.test ok')
      expect(await smtp.say('rcpt to: <b@y.test>')).toBe('250 Recipient b@y.test ok')
      expect(await smtp.say('DATA')).toBe('354 End data with <CR><LF>.<CR><LF>')
      await smtp.write('hello\r\n.\r\n')
      expect(await smtp.reply()).toMatch(/^250 Ok: queued as [A-Za-z0-9_-]{43}=@mailhog\.example$/)
      expect(await smtp.say('RSET')).toBe('250 Ok')
      expect(await smtp.say('NOOP')).toBe('250 Ok')
      expect(await smtp.say('QUIT')).toBe('221 Bye')
      expect(await smtp.reply()).toBe('closed')
    },
  },
  {
    title: 'acknowledges a message with the id that the API shows',
    async run(hog) {
      const id = await hog.send('Subject: x\r\n\r\nhello')
      expect((await hog.newest()).ID).toBe(id)
    },
  },
  {
    title: 'knows no command before EHLO but RSET, which opens the way to MAIL',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.open(smtpPort)
      await smtp.reply()
      expect(await smtp.say('MAIL FROM:<a@x.test>')).toBe('500 Unrecognised command')
      expect(await smtp.say('AUTH PLAIN AHUAcA==')).toBe('500 Unrecognised command')
      expect(await smtp.say('RSET')).toBe('250 Ok')
      expect(await smtp.say('MAIL FROM:<a@x.test>')).toBe('250 Sender a@x.test ok')
    },
  },
  {
    title: 'answers 500 to a nested MAIL, to unknown commands and to an empty line, however often',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.greeted(smtpPort)
      for (const line of ['VRFY a', 'HELP', 'EXPN a', 'BDAT 3 LAST', '', 'RCPT TO:<b@y.test>', 'DATA']) {
        expect(await smtp.say(line), line).toBe('500 Unrecognised command')
      }
      await smtp.say('MAIL FROM:<a@x.test>')
      for (let i = 0; i < 15; i++) {
        expect(await smtp.say('MAIL FROM:<a@x.test>')).toBe('500 Unrecognised command')
      }
    },
  },
  {
    title: 'refuses a null sender and an address without brackets',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.greeted(smtpPort)
      expect(await smtp.say('MAIL FROM:<>')).toBe('550 Invalid syntax in MAIL command')
      expect(await smtp.say('MAIL FROM:a@x.test')).toBe('550 Invalid syntax in MAIL command')
      await smtp.say('MAIL FROM:<a@x.test>')
      expect(await smtp.say('RCPT TO:b@y.test')).toBe('550 Invalid syntax in RCPT command')
    },
  },
  {
    title: 'takes an address up to the first closing bracket and validates nothing',
    async run(hog) {
      await hog.send('x', 'no at > sign', ['@relay.test,@two.test:c@z.test', 'just-a-name', 'a@b@c'])
      const { From, To, Raw } = await hog.newest()
      expect(Raw.From).toBe('no at ')
      expect(From).toEqual({ Relays: null, Mailbox: 'no at ', Domain: '', Params: '' })
      expect(To?.map(({ Relays, Mailbox, Domain }) => [Relays, Mailbox, Domain])).toEqual([
        [['@relay.test', '@two.test'], 'c', 'z.test'],
        [null, 'just-a-name', ''],
        [null, 'a', 'b@c'],
      ])
    },
  },
  {
    title: 'lets every user in with PLAIN, LOGIN, CRAM-MD5 and EXTERNAL',
    async run({ smtpPort }) {
      using smtp = await RawSmtp.greeted(smtpPort)
      const ok = '235 Authentication successful'
      expect(await smtp.say('AUTH PLAIN AHUAcA==')).toBe(ok)
      expect(await smtp.say('AUTH PLAIN')).toBe('334 ')
      expect(await smtp.say('AHUAcA==')).toBe(ok)
      expect(await smtp.say('AUTH LOGIN')).toBe('334 VXNlcm5hbWU6')
      expect(await smtp.say('dQ==')).toBe('334 UGFzc3dvcmQ6')
      expect(await smtp.say('cA==')).toBe(ok)
      expect(await smtp.say('AUTH CRAM-MD5')).toMatch(/^334 PDQxOTI5/)
      expect(await smtp.say('dSAwMDAw')).toBe(ok)
      expect(await smtp.say('AUTH EXTERNAL dQ==')).toBe(ok)
      expect(await smtp.say('AUTH plain AHUAcA==')).toBe('504 Unsupported authentication mechanism')
      expect(await smtp.say('AUTH PLAIN dQ==')).toBe('550 Badly formed parameter')
    },
  },
  {
    title: 'answers two whole transactions in one write, in order',
    async run(hog) {
      using smtp = await RawSmtp.open(hog.smtpPort)
      const transaction = (n: number) =>
        `MAIL FROM:<a@x.test>\r\nRCPT TO:<b${n}@y.test>\r\nDATA\r\nSubject: ${n}\r\n\r\nbody\r\n.\r\n`
      await smtp.write(`EHLO me.test\r\n${transaction(1)}${transaction(2)}QUIT\r\n`)
      const codes: string[] = []
      for (let reply = ''; reply !== 'closed'; ) {
        reply = await smtp.reply()
        codes.push(reply.slice(0, 3))
      }
      expect(codes.join(' ')).toBe('220 250 250 250 354 250 250 250 354 250 221 clo')
      expect((await hog.list()).items.map(({ Content }) => Content.Headers.Subject)).toEqual([['2'], ['1']])
    },
  },
  {
    title: 'stores a message without recipients, with To null',
    async run(hog) {
      await hog.send('Subject: x\r\n\r\nhello', 'a@x.test', [])
      const message = await hog.newest()
      expect([message.To, message.Raw.To]).toEqual([null, null])
    },
  },
  {
    title: 'tells the name of the client only with the first message of a session',
    async run(hog) {
      await hog.sendMany(2)
      expect((await hog.list()).items.map(({ Raw }) => Raw.Helo)).toEqual(['', 'me.test'])
    },
  },
  {
    title: 'stores nothing of a message that was cut off',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.envelope('a@x.test', ['b@y.test'])
      await smtp.write('Subject: x\r\n\r\nhalf')
      smtp.socket.end()
      expect(await smtp.reply()).toBe('closed')
      expect((await hog.list()).total).toBe(0)
    },
  },
  {
    title: 'answers what it was sent before the client closed its side',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.envelope('a@x.test', ['b@y.test'])
      smtp.socket.end('hello\r\n.\r\n')
      expect(await smtp.reply()).toMatch(/^250 Ok: queued as /)
    },
  },
]
