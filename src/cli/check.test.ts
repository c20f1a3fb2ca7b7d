import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedFleet } from '../../containers/fleet.ts'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { readOptions } from '../options/options.ts'
import { plain } from '../report/terminal.ts'
import { checkServer, type ServerCheck } from '../run/check.ts'
import { serve } from '../smtp/preflight/fake-server.fixture.ts'
import { check, renderCheck } from './check.ts'

const LOGIN = { STRESS_AUTH_USER: 'load', STRESS_AUTH_PASS: 'secret' }
const NAMED = { STRESS_SENDER: 'a@example.test', STRESS_RECIPIENT: 'b@example.test' }

let fleet: Awaited<ReturnType<typeof startEmbeddedFleet>>
let server: RunningSmtpServer

beforeAll(async () => {
  fleet = await startEmbeddedFleet({ servers: 1, auth: { user: 'load', pass: 'secret' } })
  server = fleet.servers[0] as RunningSmtpServer
})

afterAll(() => fleet.stop())

function look(target: string, env: NodeJS.ProcessEnv = {}, send = false): Promise<ServerCheck> {
  return checkServer(readOptions({ SMTP_TARGETS: target, ...NAMED, ...env }), { send })
}

const place = () => `127.0.0.1:${server.port}`
const shown = (one: ServerCheck) => renderCheck(one, { paint: plain, width: 80 })

describe('mailstorm check', () => {
  it('says what a server offers and that it is ready, and sends it nothing', async () => {
    const before = await server.ledger('any')
    const one = await look(place())
    expect(one).toMatchObject({
      target: place(),
      verdict: 'ready',
      protocol: 'SMTP',
      greeting: '220 smtp1.test.local ESMTP',
      capabilities: { pipelining: true, chunking: true, startTls: true },
      pipelining: { level: 'chunks', tried: false },
      tls: { used: false, seen: { version: 'TLSv1.3', distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
      problems: [],
    })
    expect(one.message).toBeUndefined()
    expect((await server.ledger('any')).accepted).toBe(before.accepted)
    expect(shown(one)).toContain('none sent (--send sends one)')
  })

  it('with --send tells the reply to a message, and what a trial has found', async () => {
    const one = await look(place(), {}, true)
    expect(one).toMatchObject({
      verdict: 'ready',
      pipelining: { level: 'chunks', tried: true },
      message: { taken: true, reply: expect.stringMatching(/^250 /) },
    })
  })

  it('tells a certificate that is not trusted, and goes on', async () => {
    const one = await look(`smtp+starttls://${place()}`)
    expect(one).toMatchObject({
      verdict: 'problems',
      tls: { used: true, seen: { certificate: { subject: 'localhost' } } },
      capabilities: { pipelining: true },
      problems: [{ what: expect.stringContaining('not trusted: DEPTH_ZERO_SELF_SIGNED_CERT') }],
    })
    expect(await look(`smtp+starttls://${place()}`, { STRESS_TLS_VERIFY: '0' })).toMatchObject({
      verdict: 'ready',
    })
  })

  it('tells no password and no message to a server whose certificate it does not trust', async () => {
    const one = await look(`smtp+starttls://${place()}`, LOGIN, true)
    expect(one.verdict).toBe('problems')
    expect([one.login, one.message]).toEqual([undefined, undefined])
    expect(shown(one)).toMatch(/offered; not\s+tried: its\s+certificate is not trusted/)
    expect(shown(one)).toContain('none sent: its certificate is not trusted')
    expect(
      await look(`smtp+starttls://${place()}`, { ...LOGIN, STRESS_TLS_VERIFY: '0' }, true),
    ).toMatchObject({
      login: { accepted: true },
      message: { taken: true },
    })
  })

  it('tells of a name that is not known as of any server that cannot be sent to', async () => {
    const one = await look('nowhere.invalid:25')
    expect(one).toMatchObject({ target: 'nowhere.invalid:25', verdict: 'failed', addresses: [] })
    expect(one.problems).toHaveLength(1)
    expect(shown(one)).toMatch(/^nowhere\.invalid:25 cannot be sent to\n/)
    expect(shown(one)).not.toContain('Failed to')
  })

  it.each([
    ['secret', { accepted: true }, 'ready'],
    ['wrong', { accepted: false, reply: expect.stringMatching(/^535 /) }, 'problems'],
  ] as const)('tries the login, here with the password %s', async (pass, login, verdict) => {
    const one = await look(place(), { ...LOGIN, STRESS_AUTH_PASS: pass })
    expect(one).toMatchObject({ verdict, login: { user: 'load', ...login } })
    expect(JSON.stringify(one)).not.toContain(pass)
  })

  it('sends no message after a login that failed, and says so once', async () => {
    const one = await look(place(), { ...LOGIN, STRESS_AUTH_PASS: 'wrong' }, true)
    expect(one.problems).toHaveLength(1)
    expect(shown(one)).toContain('none sent: the login failed')
    expect(shown(one)).toMatch(/chunks offered, not tried: the login failed/)
  })

  it('tells a message that is refused, and what to do', async () => {
    const port = await serve((socket) => {
      socket.write('220 mail.example.test ready\r\n')
      socket.on('data', (octets) => {
        const said = octets.toString('latin1')
        if (said.startsWith('EHLO')) socket.write('250 mail.example.test\r\n')
        else if (said.startsWith('RCPT')) socket.write('554 5.7.1 relay access denied\r\n')
        else if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      })
    })
    const one = await look(`127.0.0.1:${port}`, {}, true)
    expect(one).toMatchObject({
      verdict: 'problems',
      pipelining: { level: 'off' },
      message: { taken: false, reply: '554 5.7.1 relay access denied' },
    })
    expect(one.tls).toBeUndefined()
    const text = shown(one)
    expect(text).toContain('for b@example.test from a@example.test')
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it.each([
    [{ EHLO: '250 mail.example.test' }, LOGIN, 'Leave out the login, or turn AUTH on in the server.'],
    [
      { EHLO: '250 mail.example.test', MAIL: '530 5.7.0 Authentication required' },
      {},
      'Log in: STRESS_AUTH_USER and STRESS_AUTH_PASS.',
    ],
    [
      { EHLO: '250 mail.example.test' },
      { STRESS_TLS: 'starttls' },
      'TLS failed: the server does not offer STARTTLS.',
    ],
  ])('says what to do about the replies %o', async (replies: Record<string, string>, env, text) => {
    const port = await serve((socket) => {
      socket.write('220 mail.example.test ready\r\n')
      socket.on('data', (octets) => {
        const verb = octets.toString('latin1').slice(0, 4)
        if (verb === 'QUIT') socket.end('221 bye\r\n')
        else socket.write(`${replies[verb] ?? '250 ok'}\r\n`)
      })
    })
    const page = shown(await look(`127.0.0.1:${port}`, env, true))
    expect(page.replaceAll(/\s+/g, ' ')).toContain(text)
    expect(page).not.toMatch(/ – |\(–\)|off offered/)
  })

  it('says what is there instead of a mail server', async () => {
    const port = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await look(`127.0.0.1:${port}`)).toMatchObject({
      verdict: 'failed',
      problems: [{ what: 'An HTTP server answers there, not an SMTP server.', advice: 'Correct the port.' }],
    })
  })

  it('looks at a server of LMTP', async () => {
    const port = await serve((socket) => {
      socket.write('220 mail.example.test LMTP\r\n')
      socket.on('data', (octets) => {
        const said = octets.toString('latin1')
        if (said.startsWith('LHLO')) socket.write('250-mail.example.test\r\n250 PIPELINING\r\n')
        else if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
        else socket.write('500 what?\r\n')
      })
    })
    expect(await look(`lmtp://127.0.0.1:${port}`)).toMatchObject({ verdict: 'ready', protocol: 'LMTP' })
  })

  it('reads all targets before it reaches the first', async () => {
    let connections = 0
    const port = await serve((socket) => {
      connections += 1
      socket.end('220 mail.example.test\r\n')
    })
    await expect(check([`127.0.0.1:${port}`, 'smtp:/nowhere'], {})).rejects.toThrow(/smtp:\/nowhere/)
    expect(connections).toBe(0)
  })

  it('refuses a public address before anything is dialled', async () => {
    await expect(look('192.0.2.1:25')).rejects.toThrow(/ALLOW_PUBLIC_TARGETS/)
  })
})
