import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { crc32 } from 'node:zlib'
import { createTransport, type SentMessageInfo } from 'nodemailer'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readServerConfig } from './config.ts'
import { Ledger } from './ledger.ts'
import { RawClient } from './raw-client.ts'
import { SmtpListeners } from './smtp-listeners.ts'

let certificate: { cert: string; private: string }
let folder: string
let ledger: Ledger
let server: SmtpListeners
const clients: RawClient[] = []

async function serve(env: Record<string, string> = {}): Promise<void> {
  server = await SmtpListeners.open(readServerConfig({ SMTP_PORT: '0', ...env }), ledger)
}

function client(): RawClient {
  const raw = new RawClient(server.port)
  clients.push(raw)
  return raw
}

async function readyClient(): Promise<RawClient> {
  const raw = client()
  await raw.reply()
  await raw.say('EHLO client.example')
  return raw
}

const withTls = () => ({
  SMTP_TLS_PORT: '0',
  SMTP_TLS_CERT: certificate.cert,
  SMTP_TLS_KEY: certificate.private,
})

beforeAll(async () => {
  certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  })
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smtp-test-'))
  ledger = await Ledger.open(join(folder, 'ledger.ndjson'))
})
afterEach(async () => {
  for (const each of clients.splice(0)) each.close()
  await server.close()
  ledger.close()
  await rm(folder, { recursive: true })
})

describe('greeting', () => {
  test('comes well under 100 ms after the connection', async () => {
    await serve()
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const started = performance.now()
      expect(await client().reply()).toBe('220 localhost ESMTP')
      times.push(performance.now() - started)
    }
    expect(times.sort((a, b) => a - b)[4]).toBeLessThan(30)
  })

  test('does not refuse a client that talks first', async () => {
    await serve()
    const raw = client()
    raw.write('EHLO client.example\r\n')
    expect(await raw.reply()).toMatch(/^220 /)
    expect(await raw.reply()).toMatch(/^250-/)
  })

  test('is followed by an offer of what the server can do, without STARTTLS as it has no certificate', async () => {
    await serve({ SMTP_MAX_MESSAGE_SIZE: '4096' })
    const raw = client()
    await raw.reply()
    expect((await raw.say('EHLO client.example')).split('\r\n').map((line) => line.slice(4))).toEqual([
      'localhost Nice to meet you, [127.0.0.1]',
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'AUTH PLAIN LOGIN CRAM-MD5',
      'SIZE 4096',
    ])
    expect(await raw.say('STARTTLS')).toMatch(/^500 /)
  })
})

describe('messages', () => {
  test('are in the ledger with id, size and CRC, dots unstuffed', async () => {
    await serve()
    const body = '.\r\n..dots\r\n\r\nend\r\n'
    const crc = crc32(Buffer.from(body)).toString(16).padStart(8, '0')
    const text = `X-Mailstorm-Id: r-1\r\nX-Mailstorm-Body-Crc: ${crc}\r\n\r\n${body}`
    const raw = await readyClient()
    expect(await raw.send(text)).toBe('250 2.6.0 OK: message queued')
    expect(await raw.send(text.replace('end', 'and'))).toMatch(/^250 /)
    expect(ledger.of('r')).toMatchObject({ accepted: 2, bytes: 2 * text.length, corrupted: 1 })
  })

  test('and the next envelope in one segment are all answered, in order and in one write', async () => {
    await serve()
    const raw = await readyClient()
    const writev = vi.spyOn(Socket.prototype as Required<Duplex>, '_writev')
    const envelope = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n'
    raw.write(`${envelope}`)
    const first = [await raw.reply(), await raw.reply(), await raw.reply()]
    raw.write(`X-Mailstorm-Id: r-1\r\n\r\nbody\r\n.\r\n${envelope}`)
    const second = [await raw.reply(), await raw.reply(), await raw.reply(), await raw.reply()]
    expect(writev.mock.calls.map(([chunks]) => chunks.length)).toEqual([3, 4])
    writev.mockRestore()
    const codes = (replies: string[]) => replies.map((reply) => reply.slice(0, 9))
    expect(codes(first)).toEqual(['250 2.1.0', '250 2.1.5', '354 End d'])
    expect(codes(second)).toEqual(['250 2.6.0', '250 2.1.0', '250 2.1.5', '354 End d'])
    expect(ledger.of('r').accepted).toBe(1)
  })

  test('whose connection breaks within are not received', async () => {
    await serve()
    const raw = await readyClient()
    for (const line of ['MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>', 'DATA']) await raw.say(line)
    raw.write('X-Mailstorm-Id: r-1\r\n\r\nhalf a body\r\n')
    raw.socket.end()
    await raw.closed()
    await vi.waitFor(() => expect(ledger.of('r').connections.current).toBe(0))
    expect(ledger.of('r').accepted).toBe(0)
  })

  test('that cannot be written to the ledger are deferred with 452', async () => {
    const write = vi.spyOn(ledger, 'record').mockImplementation((_entry, recorded) => {
      recorded(new Error('ENOSPC'))
    })
    const log = vi.spyOn(console, 'error').mockReturnValue()
    await serve()
    const raw = await readyClient()
    expect(await raw.send('X-Mailstorm-Id: r-1\r\n\r\n')).toBe('452 4.2.2 Ledger cannot be written')
    expect(log).toHaveBeenCalledExactlyOnceWith('Failed to write the ledger: ENOSPC')
    write.mockRestore()
    log.mockRestore()
    expect(await raw.send('X-Mailstorm-Id: r-1\r\n\r\n')).toMatch(/^250 /)
  })
})

describe('limits', () => {
  test('of connections: 421 above, and a place again once one has left', async () => {
    await serve({ SMTP_MAX_CONNECTIONS: '2' })
    const first = await readyClient()
    const second = await readyClient()
    const third = client()
    expect(await third.reply()).toBe('421 localhost Too many connected clients, try again in a moment')
    await third.closed()
    expect(await first.say('NOOP')).toBe('250 2.0.0 OK')
    expect(ledger.of('').connections).toEqual({ current: 2, peak: 2 })
    await second.say('QUIT')
    expect(await client().reply()).toMatch(/^220 /)
  })

  test('of size: 552 at MAIL with SIZE=, and nothing more is asked', async () => {
    await serve({ SMTP_MAX_MESSAGE_SIZE: '1000' })
    const raw = await readyClient()
    expect(await raw.say('MAIL FROM:<a@example.com> SIZE=1001')).toMatch(/^552 5\.3\.4 /)
    expect(await raw.say('MAIL FROM:<a@example.com> SIZE=1000')).toMatch(/^250 /)
  })

  test('of size: 552 after data that exceed it, and not in the ledger; exactly the limit is accepted', async () => {
    await serve({ SMTP_MAX_MESSAGE_SIZE: '1000' })
    const head = 'X-Mailstorm-Id: r-1\r\n\r\n'
    const raw = await readyClient()
    const fill = (size: number) => `${head}${'x'.repeat(size - head.length - 2)}\r\n`
    expect(await raw.send(fill(1001))).toMatch(/^552 5\.3\.4 /)
    expect(await raw.send(fill(1000))).toMatch(/^250 /)
    expect(ledger.of('r')).toMatchObject({ accepted: 1, bytes: 1000 })
  })
})

describe('TLS and AUTH, with nodemailer', () => {
  const message = { from: 'a@example.com', to: 'b@example.com', text: 'hi' }
  const mail = (options: object): Promise<SentMessageInfo> =>
    createTransport({
      host: 'localhost',
      port: server.port,
      tls: { ca: certificate.cert },
      ...options,
    }).sendMail({ ...message, headers: { 'X-Mailstorm-Id': 'mailer-1' } })

  test('STARTTLS with a certificate that verifies', async () => {
    await serve(withTls())
    expect(await mail({ requireTLS: true })).toMatchObject({ response: '250 2.6.0 OK: message queued' })
    expect(ledger.of('mailer').accepted).toBe(1)
  })

  test('STARTTLS in one segment with EHLO is answered in the clear before TLS begins', async () => {
    await serve(withTls())
    const unsent: number[] = []
    class Watched extends tls.TLSSocket {
      constructor(socket: Duplex, options?: tls.TLSSocketOptions) {
        unsent.push(socket.writableLength)
        super(socket, options)
      }
    }
    const wrap = vi.spyOn(tls, 'TLSSocket').mockImplementation(Watched)
    const raw = client()
    await raw.reply()
    raw.write('EHLO client.example\r\nSTARTTLS\r\n')
    expect(await raw.reply()).toContain('STARTTLS')
    expect(await raw.reply()).toBe('220 2.0.0 Ready to start TLS')
    expect(unsent).toEqual([0])
    wrap.mockRestore()
  })

  test('implicit TLS on a port of its own, under the same limit of connections', async () => {
    await serve({ ...withTls(), SMTP_MAX_CONNECTIONS: '1' })
    await mail({ port: server.implicitTlsPort, secure: true })
    expect(ledger.of('mailer').accepted).toBe(1)
    await vi.waitFor(() => expect(ledger.of('').connections.current).toBe(0))
    await readyClient()
    await expect(mail({ port: server.implicitTlsPort, secure: true })).rejects.toMatchObject({
      responseCode: 421,
    })
  })

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    'AUTH %s lets in who knows the password only',
    async (authMethod) => {
      await serve({ SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'secret' })
      await mail({ authMethod, auth: { user: 'user', pass: 'secret' }, ignoreTLS: true })
      for (const auth of [
        { user: 'user', pass: 'Secret' },
        { user: 'other', pass: 'secret' },
      ]) {
        await expect(mail({ authMethod, auth, ignoreTLS: true })).rejects.toMatchObject({ responseCode: 535 })
      }
      await mail({})
      expect(ledger.of('mailer').accepted).toBe(2)
    },
  )

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    'AUTH %s lets in anyone when no password is set',
    async (authMethod) => {
      await serve()
      await mail({ authMethod, auth: { user: 'any', pass: 'one' } })
      expect(ledger.of('mailer').accepted).toBe(1)
    },
  )
})
