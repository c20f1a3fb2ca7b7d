import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { createTransport, type SentMessageInfo } from 'nodemailer'
import { generate } from 'selfsigned'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { SmtpClient } from '../../run/smtp/smtp-client.ts'
import { ListenersRig } from './smtp-listeners.fixture.ts'

let certificate: { cert: string; private: string }
const rig = new ListenersRig()

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

describe('TLS and AUTH, with nodemailer', () => {
  const message = { from: 'a@example.com', to: 'b@example.com', text: 'hi' }
  const mail = (options: object): Promise<SentMessageInfo> =>
    createTransport({
      host: 'localhost',
      port: rig.server.port,
      tls: { ca: certificate.cert },
      ...options,
    }).sendMail({ ...message, headers: { 'X-Mailstorm-Id': 'mailer-1' } })

  test('STARTTLS with a certificate that verifies', async () => {
    await rig.serve(withTls())
    expect(await mail({ requireTLS: true })).toMatchObject({ response: '250 2.6.0 OK: message queued' })
    expect(rig.ledger.of('mailer').accepted).toBe(1)
  })

  test('STARTTLS in one segment with EHLO is answered in the clear before TLS begins', async () => {
    await rig.serve(withTls())
    const unsent: number[] = []
    class Watched extends tls.TLSSocket {
      constructor(socket: Duplex, options?: tls.TLSSocketOptions) {
        unsent.push(socket.writableLength)
        super(socket, options)
      }
    }
    const wrap = vi.spyOn(tls, 'TLSSocket').mockImplementation(Watched)
    const raw = rig.client()
    await raw.reply()
    raw.write('EHLO client.example\r\nSTARTTLS\r\n')
    expect(await raw.reply()).toContain('STARTTLS')
    expect(await raw.reply()).toBe('220 2.0.0 Ready to start TLS')
    expect(unsent).toEqual([0])
    wrap.mockRestore()
  })

  test('implicit TLS on a port of its own, under the same limit of connections', async () => {
    await rig.serve({ ...withTls(), SMTP_MAX_CONNECTIONS: '1' })
    await mail({ port: rig.server.implicitTlsPort, secure: true })
    expect(rig.ledger.of('mailer').accepted).toBe(1)
    await expect.poll(() => rig.ledger.of('').connections.current).toBe(0)
    await rig.readyClient()
    await expect(mail({ port: rig.server.implicitTlsPort, secure: true })).rejects.toMatchObject({
      responseCode: 421,
    })
  })

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    'AUTH %s lets in who knows the password only',
    async (authMethod) => {
      await rig.serve({ SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'secret' })
      await mail({ authMethod, auth: { user: 'user', pass: 'secret' }, ignoreTLS: true })
      for (const auth of [
        { user: 'user', pass: 'Secret' },
        { user: 'other', pass: 'secret' },
      ]) {
        await expect(mail({ authMethod, auth, ignoreTLS: true })).rejects.toMatchObject({ responseCode: 535 })
      }
      await mail({})
      expect(rig.ledger.of('mailer').accepted).toBe(2)
    },
  )

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    'AUTH %s lets in anyone when no password is set',
    async (authMethod) => {
      await rig.serve()
      await mail({ authMethod, auth: { user: 'any', pass: 'one' } })
      expect(rig.ledger.of('mailer').accepted).toBe(1)
    },
  )

  test('AUTH XOAUTH2 lets in who has the token only', async () => {
    await rig.serve({ SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'token' })
    const login = (accessToken: string) =>
      mail({ auth: { type: 'OAuth2', user: 'user', accessToken }, ignoreTLS: true })
    await login('token')
    await expect(login('other')).rejects.toMatchObject({ responseCode: 535 })
    expect(rig.ledger.of('mailer').accepted).toBe(1)
  })

  test('AUTH SCRAM-SHA-256 is offered where there is a password, and lets in who knows it only', async () => {
    await rig.serve({ SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'secret' })
    const target = `127.0.0.1:${rig.server.port}`
    const login = (user: string, pass: string) =>
      SmtpClient.connect(target, { auth: { user, pass, mechanism: 'SCRAM-SHA-256' } })
    await (await login('user', 'secret')).quit()
    await expect(login('user', 'Secret')).rejects.toMatchObject({ failure: { code: 535, phase: 'auth' } })
    await expect(login('other', 'secret')).rejects.toMatchObject({ failure: { code: 535 } })
  })

  test('AUTH SCRAM-SHA-256 takes its first response in a line of its own, and * ends it', async () => {
    await rig.serve({ SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'secret' })
    const raw = await rig.readyClient()
    expect(await raw.say('AUTH SCRAM-SHA-256')).toBe('334')
    expect(await raw.say(Buffer.from('n,,n=user,r=abc').toString('base64'))).toMatch(/^334 [A-Za-z0-9+/=]+$/)
    expect(await raw.say('*')).toMatch(/^501 /)
    expect(await raw.say('AUTH SCRAM-SHA-256 bm9uc2Vuc2U=')).toMatch(/^501 /)
    expect(await raw.say('NOOP')).toMatch(/^250 /)
  })
})
