import { MailhogClient } from 'mailhog-awesome'
import { expect } from 'vitest'
import type { ContractTest, Hog } from './hog.ts'

/** How other people's tests use MailHog, through a client that we did not write. */
export const foreignClientTests: readonly ContractTest[] = [
  {
    title: 'mailhog-awesome reads an inbox: sender, subject in encoded words, text in quoted-printable',
    async run(hog) {
      const inbox = uniqueInbox()
      await hog.send(
        mailTo(inbox, '=?utf-8?q?Caf=C3=A9?=', 'quoted-printable', 'Gr=C3=BC=C3=9Fe\r\n'),
        'a@test',
        [inbox],
      )
      await hog.send(mailTo('other@mailstorm.test', 'not this one', '7bit', 'x\r\n'))
      const emails = await clientOf(hog).getInbox(inbox)
      expect(emails.map(({ subject, from, to }) => ({ subject, from, to }))).toEqual([
        { subject: 'Café', from: 'a@test', to: inbox },
      ])
      expect(emails[0]?.text.trim()).toBe('Grüße')
    },
  },
  {
    title: 'mailhog-awesome finds the last message by its subject, and an attachment in it',
    async run(hog) {
      const inbox = uniqueInbox()
      const parts = [
        '--b\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n',
        '--b\r\nContent-Type: text/plain; name="a.txt"\r\nContent-Disposition: attachment; filename="a.txt"\r\n',
        'Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n',
      ].join('')
      const head = `From: a@test\r\nTo: ${inbox}\r\nSubject: ${inbox}\r\nMIME-Version: 1.0\r\n`
      await hog.send(`${head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n${parts}`, 'a@test', [inbox])
      const email = await clientOf(hog).getLastEmail({ to: inbox, subject: inbox })
      expect(email?.attachments.map(({ name }) => name)).toEqual(['a.txt'])
    },
  },
  {
    title: 'mailhog-awesome clears one inbox, and leaves the others',
    async run(hog) {
      const [cleared, kept] = [uniqueInbox(), uniqueInbox()]
      for (const inbox of [cleared, kept])
        await hog.send(mailTo(inbox, 'x', '7bit', 'x\r\n'), 'a@test', [inbox])
      const client = clientOf(hog)
      await client.clearInbox(cleared)
      expect((await hog.search('to', cleared)).total).toBe(0)
      expect((await hog.search('to', kept)).total).toBe(1)
    },
  },
]

let inboxes = 0

function uniqueInbox(): string {
  inboxes += 1
  return `inbox-${process.pid}-${inboxes}@mailstorm.test`
}

function clientOf({ apiUrl }: Hog): MailhogClient {
  const { hostname, port } = new URL(apiUrl)
  return new MailhogClient({ host: hostname, port: Number(port) })
}

function mailTo(to: string, subject: string, encoding: string, text: string): string {
  const type = `MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n`
  return `From: a@test\r\nTo: ${to}\r\nSubject: ${subject}\r\n${type}\r\n${text}`
}
