import { once } from 'node:events'
import { createServer } from 'node:net'
import { createTransport } from 'nodemailer'
import { afterEach, describe, expect, test } from 'vitest'
import { BagDigest, type LedgerEntry } from '../src/ledger/ledger.ts'
import { RawClient } from '../src/programs/smtp-server/raw-client.fixture.ts'
import { type Certificate, selfSignedCertificate } from './certificate.ts'
import type { Service } from './service.ts'
import type { RunningSmtpServer, SmtpServerOptions } from './smtp-server.ts'

export interface SmtpServerContract {
  readonly implementation: RunningSmtpServer['backend']
  newService(options: SmtpServerOptions): Service<RunningSmtpServer>
  /** Kills the server's process from outside, as kill -9 does. */
  kill(server: RunningSmtpServer): unknown
  /** Why none of it can run here. */
  readonly skipAll?: string
  /** Titles of tests that this implementation cannot pass, and why. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[]
}

/** What every way to boot an SMTP server must do; call it from that implementation's own test. */
export function testSmtpServer(contract: SmtpServerContract): void {
  const { implementation, newService, kill, skip = [], skipAll } = contract
  const running: RunningSmtpServer[] = []
  const start = async (options: Partial<SmtpServerOptions> = {}) => {
    const server = await newService({ name: 'smtp-server-1', ...options }).start()
    running.push(server)
    return server
  }
  const contractTest = (title: string, body: () => Promise<void>) => {
    const reason = skipAll ?? skip.find(({ tests }) => tests.includes(title))?.reason
    if (reason === undefined) test(title, body)
    else test(title, (context) => context.skip(reason))
  }

  describe(`SMTP server, ${implementation}`, () => {
    afterEach(async () => {
      await Promise.all(running.splice(0).map((server) => server.stop()))
    })

    contractTest('greets with 220 and its domain as soon as it is started', async () => {
      const server = await start({ domain: 'smtp1.test.local' })
      expect(server).toMatchObject({ name: 'smtp-server-1', backend: implementation, endedBy: undefined })
      const client = new RawClient(server.port, server.host)
      expect(await client.reply()).toBe('220 smtp1.test.local ESMTP')
      client.close()
    })

    contractTest('keeps a ledger of what it accepted, by run', async () => {
      const server = await start()
      const client = await RawClient.ready(server.port, server.host)
      for (const id of ['a-1', 'a-2', 'a-2', 'b-1']) await client.send(mail(id))
      const digest = new BagDigest()
      for (const id of ['a-2', 'a-1', 'a-2']) digest.add(id)
      expect(await server.ledger('a')).toEqual({
        accepted: 3,
        bytes: 3 * mail('a-1').length,
        corrupted: 0,
        digest: digest.toString(),
        connections: { current: 1, peak: 1 },
      })
      expect((await entriesOf(server, 'a')).map(({ id }) => id)).toEqual(['a-1', 'a-2', 'a-2'])
      client.close()
    })

    contractTest('refuses connections above its limit with 421', async () => {
      const server = await start({ maxConnections: 1 })
      const first = await RawClient.ready(server.port, server.host)
      const second = new RawClient(server.port, server.host)
      expect(await second.reply()).toMatch(/^421 /)
      first.close()
    })

    contractTest('refuses messages above its limit with 552', async () => {
      const server = await start({ maxMessageBytes: 2_000 })
      const client = await RawClient.ready(server.port, server.host)
      expect(await client.say('MAIL FROM:<a@example.com> SIZE=2001')).toMatch(/^552 /)
      expect(await client.send(mail('a-1', 'x'.repeat(2_000)))).toMatch(/^552 /)
      expect(await server.ledger('a')).toMatchObject({ accepted: 0 })
      client.close()
    })

    contractTest(
      'offers STARTTLS, implicit TLS and AUTH with the certificate and password given',
      async () => {
        const certificate = await selfSignedCertificate()
        const auth = { user: 'user', pass: 'secret' }
        const server = await start({ certificate, auth })
        expect(server.ca).toBe(certificate.certPem)
        await sendMail(server, certificate, { port: server.port, requireTLS: true, auth })
        await sendMail(server, certificate, { port: server.implicitTlsPort, secure: true, auth })
        const wrong = { user: 'user', pass: 'wrong' }
        const refused = sendMail(server, certificate, { port: server.port, auth: wrong })
        await expect(refused).rejects.toMatchObject({ responseCode: 535 })
        expect(await server.ledger('mailer')).toMatchObject({ accepted: 2 })
      },
    )

    contractTest('says how and when it was killed, and still tells what it had acknowledged', async () => {
      const server = await start()
      const client = await RawClient.ready(server.port, server.host)
      for (const id of ['a-1', 'a-2', 'b-1']) await client.send(mail(id))
      const alive = await server.ledger('a')
      const killedAtEpochMs = Date.now()
      await kill(server)
      const end = await server.ended
      expect(end?.by).toBe('killed by SIGKILL')
      expect(end?.atEpochMs).toBeGreaterThanOrEqual(killedAtEpochMs)
      expect(end?.atEpochMs).toBeLessThanOrEqual(Date.now())
      expect(server.endedBy).toBe('killed by SIGKILL')
      expect(await server.ledger('a')).toEqual({ ...alive, connections: { current: 0, peak: 1 } })
      expect(await entriesOf(server, 'a')).toHaveLength(2)
      expect(await server.usage()).toBeUndefined()
    })

    contractTest('starts again on its ports, and its ledger goes on', async () => {
      const certificate = await selfSignedCertificate()
      const first = await start({ certificate, domain: 'smtp1.test.local' })
      const { port, implicitTlsPort } = first
      const acknowledge = async (id: string) => {
        const client = await RawClient.ready(port, first.host)
        await client.send(mail(id))
        client.close()
      }
      await acknowledge('a-1')
      await kill(first)
      await first.ended
      const second = await first.startAgain?.()
      if (second === undefined) throw new Error('it cannot be restarted')
      running.push(second)
      expect(second).toMatchObject({ name: first.name, port, implicitTlsPort, endedBy: undefined })
      expect(second.pid).not.toBe(first.pid)
      await acknowledge('a-2')
      await kill(second)
      await second.ended
      const third = await second.startAgain?.()
      if (third === undefined) throw new Error('it cannot be restarted')
      running.push(third)
      const digest = new BagDigest()
      for (const id of ['a-1', 'a-2']) digest.add(id)
      expect(await third.ledger('a')).toMatchObject({ accepted: 2, digest: digest.toString() })
      expect((await entriesOf(third, 'a')).map(({ id }) => id)).toEqual(['a-1', 'a-2'])
    })

    contractTest('tells what it had acknowledged also when it was told to end from outside', async () => {
      const server = await start()
      const client = await RawClient.ready(server.port, server.host)
      await client.send(mail('a-1'))
      process.kill(server.pid, 'SIGTERM')
      expect(await server.ended).toMatchObject({ by: 'exited with code 0' })
      expect(await server.ledger('a')).toMatchObject({ accepted: 1 })
    })

    contractTest('tells the last lines of its log', async () => {
      const server = await start()
      const [line] = await server.logTail(1)
      expect(JSON.parse(line ?? '')).toHaveProperty('smtp_port')
    })

    contractTest('reads what it uses of the machine', async () => {
      const server = await start()
      const usage = await server.usage()
      expect(usage?.memoryBytes).toBeGreaterThan(10 * 1024 ** 2)
      expect(usage?.memoryBytes).toBeLessThan(1024 ** 3)
      expect(usage?.cpuPercent).toBeGreaterThanOrEqual(0)
    })

    contractTest('has not ended by itself when it was stopped, however often', async () => {
      const server = await start()
      await Promise.all([server.stop(), server.stop()])
      await server.stop()
      expect(server.endedBy).toBeUndefined()
      expect(await server.ended).toBeUndefined()
      expect(await new RawClient(server.port, server.host).reply()).toBe('')
    })

    contractTest('fails to start on a port that is taken, with the end of its log', async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address() as { port: number }
      await expect(start({ port })).rejects.toThrow(/^Failed to start smtp-server-1: [\s\S]*taken/)
      taken.close()
    })
  })
}

function mail(id: string, body = 'body'): string {
  return `X-Mailstorm-Id: ${id}\r\nSubject: contract\r\n\r\n${body}\r\n`
}

async function entriesOf(server: RunningSmtpServer, run: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for await (const entry of server.entries(run)) entries.push(entry)
  return entries
}

/** Sends with nodemailer, a client that is not ours. */
async function sendMail(server: RunningSmtpServer, certificate: Certificate, options: object): Promise<void> {
  const tls = { ca: certificate.certPem, servername: 'localhost' }
  await createTransport({ host: server.host, tls, ...options }).sendMail({
    from: 'a@example.com',
    to: 'b@example.com',
    text: 'contract',
    headers: { 'X-Mailstorm-Id': 'mailer-1' },
  })
}
