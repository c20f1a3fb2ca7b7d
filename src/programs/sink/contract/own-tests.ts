import { expect } from 'vitest'
import type { ContractTest } from './hog.ts'
import { RawSmtp } from './raw-smtp.ts'

/** Odd input and missing things; tested only on our own sink, never on other people's MailHog. */
export const ownTests: readonly ContractTest[] = [
  {
    title: 'ends a message only at CRLF.CRLF and keeps bare CR and LF',
    async run(hog) {
      const data = 'A: b\r\n\r\none\n.\ntwo\n.\r\nthree\r\n.\nfour\r.\rfive\r\n.\rsix'
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.envelope('a@x.test', ['b@y.test'])
      await smtp.write(`${data.replaceAll('\r\n.', '\r\n..')}\r\n.\r\n`)
      expect(await smtp.reply()).toMatch(/^250 /)
      expect((await hog.newest()).Raw.Data).toBe(data)
    },
  },
  {
    title: 'answers an empty message',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await smtp.envelope('a@x.test', ['b@y.test'])
      await smtp.write('.\r\n')
      expect(await smtp.reply(3_000)).toMatch(/^250 Ok: queued as /)
      expect((await hog.newest()).Raw.Data).toBe('')
    },
  },
  {
    title: 'answers 404 to a download, a part or a release of what is not there',
    async run(hog) {
      const id = await hog.send('Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nx\r\n--B--')
      const path = '/api/v1/messages'
      for (const missing of [
        'unknown/download',
        'unknown/mime/part/0/download',
        `${id}/mime/part/9/download`,
      ]) {
        expect((await hog.fetch(`${path}/${missing}`)).status, missing).toBe(404)
      }
      const release = await hog.fetch(`${path}/unknown/release`, { method: 'POST', body: '{}' })
      expect(release.status).toBe(404)
    },
  },
]
