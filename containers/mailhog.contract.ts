import { afterEach, describe, expect, test } from 'vitest'
import { RawSmtp } from '../src/programs/sink/contract/raw-smtp.ts'
import type { MailhogOptions, RunningMailhog } from './mailhog.ts'
import type { Service } from './service.ts'

export interface MailhogServiceContract {
  /** For example "embedded". */
  readonly implementation: string
  newService(options: MailhogOptions): Service<RunningMailhog>
  /** Kills it from outside, as kill -9 does. */
  kill(mailhog: RunningMailhog): void
  /** Why none of it can run here. */
  readonly skipAll?: string
}

const FOUND_WITHIN_MS = 5_000

/**
 * What every way to boot a MailHog must do. What MailHog itself does is tested in
 * src/programs/sink/mailhog.contract.ts.
 */
export function testMailhogService({
  implementation,
  newService,
  kill,
  skipAll,
}: MailhogServiceContract): void {
  const running: RunningMailhog[] = []
  const start = async (options: MailhogOptions = {}) => {
    const mailhog = await newService(options).start()
    running.push(mailhog)
    return mailhog
  }
  const contractTest = (title: string, body: () => Promise<void>) =>
    skipAll === undefined ? test(title, body) : test(title, (context) => context.skip(skipAll))

  describe(`MailHog, ${implementation}`, () => {
    afterEach(async () => {
      await Promise.all(running.splice(0).map((mailhog) => mailhog.stop()))
    })

    contractTest('takes mail and shows it as soon as it is started', async () => {
      const mailhog = await start({ hostname: 'mailhog.test' })
      expect(mailhog).toMatchObject({ name: 'mailhog', endedBy: undefined })
      using smtp = await RawSmtp.open(mailhog.smtpPort)
      expect(await smtp.reply()).toBe('220 mailhog.test ESMTP MailHog')
      await smtp.say('EHLO me.test')
      await smtp.message('Subject: x\r\n\r\nhello')
      expect(await mailhog.client.waitForCount(1, FOUND_WITHIN_MS)).toBe(1)
    })

    contractTest('pages through 600 messages, each once, and deletes all of them', async () => {
      const { smtpPort, client } = await start()
      using smtp = await RawSmtp.greeted(smtpPort)
      const sent: string[] = []
      for (let n = 0; n < 600; n++) sent.push(await smtp.message(`Subject: ${n}\r\n\r\nhello`))
      const seen: string[] = []
      for await (const { ID } of client.messages()) seen.push(ID)
      expect(seen).toEqual(sent.toReversed())
      await client.deleteAll()
      expect(await client.count()).toBe(0)
      for await (const message of client.messages()) expect.unreachable(message.ID)
    })

    contractTest(
      'misses none of the messages that were there when paging began, while mail arrives',
      async () => {
        const { smtpPort, client } = await start()
        using smtp = await RawSmtp.greeted(smtpPort)
        const sent = new Set<string>()
        for (let n = 0; n < 600; n++) sent.add(await smtp.message('X: y\r\n\r\nhello'))
        const seen: string[] = []
        for await (const { ID } of client.messages()) {
          seen.push(ID)
          if (seen.length % 10 === 0) for (let n = 0; n < 5; n++) await smtp.message('X: y\r\n\r\nlate')
        }
        expect(new Set(seen).size).toBe(seen.length)
        expect(sent.difference(new Set(seen)).size).toBe(0)
      },
    )

    contractTest('finds by exact envelope recipient, whatever the header says', async () => {
      const { smtpPort, client } = await start()
      using smtp = await RawSmtp.greeted(smtpPort)
      const wanted = await smtp.message('To: other@y.test\r\n\r\n1', 'a@x.test', ['c@y.test', 'b@y.test'])
      await smtp.message('To: b@y.test\r\n\r\n2', 'a@x.test', ['abb@y.test'])
      expect((await client.byEnvelopeTo('b@y.test')).map(({ ID }) => ID)).toEqual([wanted])
    })

    contractTest('says how many messages there are when the expected ones do not come', async () => {
      const { smtpPort, client } = await start()
      using smtp = await RawSmtp.greeted(smtpPort)
      await smtp.message('X: y\r\n\r\nhello')
      await expect(client.waitForCount(3, 50)).rejects.toMatchObject({
        code: 'MAILHOG_COUNT',
        message: 'Failed to see 3 messages in MailHog within 50 ms: it has 1.',
      })
    })

    contractTest('stops once, however often it is told, and has then no port open', async () => {
      const mailhog = await start()
      await Promise.all([mailhog.stop(), mailhog.stop()])
      expect(await mailhog.ended).toBeUndefined()
      expect(mailhog.endedBy).toBeUndefined()
      await expect(RawSmtp.open(mailhog.smtpPort)).rejects.toThrow('ECONNREFUSED')
      await expect(mailhog.client.count()).rejects.toMatchObject({ code: 'MAILHOG_API' })
    })

    contractTest('tells that it was killed', async () => {
      const mailhog = await start()
      kill(mailhog)
      expect(await mailhog.ended).toMatchObject({ by: 'killed by SIGKILL' })
      expect(mailhog.endedBy).toBe('killed by SIGKILL')
    })
  })
}
