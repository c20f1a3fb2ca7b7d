import { expect } from 'vitest'
import type { ContractTest, Hog } from './hog.ts'
import { RawSmtp } from './raw-smtp.ts'

const PEACEFUL = {
  DisconnectChance: 0,
  AcceptChance: 1,
  LinkSpeedAffect: 0,
  LinkSpeedMin: 1024,
  LinkSpeedMax: 10240,
  RejectSenderChance: 0,
  RejectRecipientChance: 0,
  RejectAuthChance: 0,
}

export const jimTests: readonly ContractTest[] = [
  {
    title: 'invites, shows, changes and dismisses Jim, and remembers how he was last',
    async run(hog) {
      const jim = (method: string, body?: string) => request(hog, method, body)
      expect(await jim('GET')).toEqual([404, ''])
      expect((await jim('PUT', '{}'))[0]).toBe(404)
      expect((await jim('DELETE'))[0]).toBe(404)
      expect(await jim('POST', JSON.stringify(PEACEFUL))).toEqual([201, ''])
      expect(await jim('GET')).toEqual([200, JSON.stringify(PEACEFUL)])
      expect((await jim('POST', '{}'))[0]).toBe(400)
      expect((await jim('PUT', 'no json'))[0]).toBe(400)
      expect((await jim('PUT', '{"acceptchance": 0.5, "DisconnectChance": null, "unknown": 1}'))[0]).toBe(200)
      const changed = { ...PEACEFUL, AcceptChance: 0.5, LinkSpeedMin: 0, LinkSpeedMax: 0 }
      expect(await jim('GET')).toEqual([200, JSON.stringify(changed)])
      expect(await jim('DELETE')).toEqual([200, ''])
      expect((await jim('GET'))[0]).toBe(404)
      expect((await jim('POST'))[0]).toBe(201)
      expect(await jim('GET')).toEqual([200, JSON.stringify(changed)])
      await jim('DELETE')
    },
  },
  {
    title: 'lets Jim reject senders, recipients and logins in his words',
    async run(hog) {
      await withJim(hog, { RejectSenderChance: 1, RejectAuthChance: 1 }, async () => {
        using smtp = await RawSmtp.greeted(hog.smtpPort)
        expect(await smtp.say('AUTH PLAIN AHUAcA==')).toBe('500 Unrecognised command')
        expect(await smtp.say('MAIL FROM:<a@x.test>')).toBe('550 Invalid sender a@x.test')
      })
      await withJim(hog, { RejectRecipientChance: 1 }, async () => {
        using smtp = await RawSmtp.greeted(hog.smtpPort)
        await smtp.say('MAIL FROM:<a@x.test>')
        expect(await smtp.say('RCPT TO:<b@y.test>')).toBe('550 Invalid recipient b@y.test')
      })
    },
  },
  {
    title: 'lets Jim refuse every connection when his AcceptChance is 0, as in an empty object',
    async run(hog) {
      expect((await request(hog, 'POST', '{}'))[0]).toBe(201)
      using smtp = await RawSmtp.open(hog.smtpPort)
      expect(await smtp.reply()).toBe('closed')
      await request(hog, 'DELETE')
    },
  },
  {
    title: 'lets Jim disconnect after a read',
    async run(hog) {
      await withJim(hog, { DisconnectChance: 1 }, async () => {
        using smtp = await RawSmtp.open(hog.smtpPort)
        expect(await smtp.reply()).toMatch(/^220 /)
        await smtp.write('NOOP\r\n')
        const replies = [await smtp.reply(), await smtp.reply()]
        expect(replies.at(-1)).toBe('closed')
      })
    },
  },
  {
    title: 'leaves sessions alone that began before Jim came',
    async run(hog) {
      using smtp = await RawSmtp.greeted(hog.smtpPort)
      await withJim(hog, { RejectSenderChance: 1, DisconnectChance: 1 }, async () => {
        expect(await smtp.say('MAIL FROM:<a@x.test>')).toBe('250 Sender a@x.test ok')
      })
    },
  },
  {
    title: 'lets Jim slow the link: 2,000 bytes at 8 times 500 bytes/s take half a second or more',
    async run(hog) {
      const speed = { LinkSpeedAffect: 1, LinkSpeedMin: 500, LinkSpeedMax: 500 }
      await withJim(hog, speed, async () => {
        const startedMs = performance.now()
        await hog.send('x'.repeat(2000))
        const tookMs = performance.now() - startedMs
        expect(tookMs).toBeGreaterThan(450)
        expect(tookMs).toBeLessThan(8000)
      })
    },
  },
]

async function request(hog: Hog, method: string, body?: string): Promise<[number, string]> {
  const response = await hog.fetch('/api/v2/jim', { method, ...(body === undefined ? {} : { body }) })
  return [response.status, await response.text()]
}

async function withJim(hog: Hog, change: Partial<typeof PEACEFUL>, act: () => Promise<void>): Promise<void> {
  expect((await request(hog, 'POST', JSON.stringify({ ...PEACEFUL, ...change })))[0]).toBe(201)
  try {
    await act()
  } finally {
    await request(hog, 'DELETE')
  }
}
