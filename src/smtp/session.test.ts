import { describe, expect, it } from 'vitest'
import { type Certificate, selfSignedCertificate } from '../../containers/certificate.ts'
import { say } from '../../test/servers/script.ts'
import { ScriptedServer } from '../../test/servers/scripted-server.ts'
import { systemClock } from '../engine/clock.ts'
import { NO_CAPABILITIES } from './capabilities.ts'
import { openSession, type TlsSessionCache } from './session.ts'
import type { TlsOptions } from './target.ts'

const certificate = await selfSignedCertificate()

async function open(server: ScriptedServer, tls: TlsOptions, tlsSessions: TlsSessionCache) {
  const target = { name: 'server', host: server.host, port: server.port, tls }
  const options = { target, clock: systemClock, replyTimeoutMs: 5_000, tlsSessions }
  // The ticket of TLS 1.3 comes after the handshake (RFC 8446 4.6.1), before the EHLO reply.
  const { transport, capabilities } = await openSession(options)
  transport.destroy()
  return capabilities
}

function tlsServer({ certPem, keyPem }: Certificate): Promise<ScriptedServer> {
  return ScriptedServer.start({ tls: { cert: certPem, key: keyPem, implicit: true } })
}

describe('a TLS session', () => {
  const trusting = { mode: 'implicit', verify: true, ca: certificate.certPem } as const

  it('is resumed by the next connection to the same target', async () => {
    await using server = await tlsServer(certificate)
    const cache: TlsSessionCache = new Map()
    await open(server, trusting, cache)
    await open(server, trusting, cache)
    expect(server.sessions.map(({ resumed }) => resumed)).toEqual([false, true])
  })

  it('is not resumed where the certificate would be checked otherwise: resumption skips the check', async () => {
    await using server = await tlsServer(certificate)
    const cache: TlsSessionCache = new Map()
    await open(server, { ...trusting, verify: false }, cache)
    const otherName = { ...trusting, serverName: 'mail.example.com' }
    await expect(open(server, otherName, cache)).rejects.toMatchObject({ failure: { class: 'tls' } })
    await expect(open(server, { mode: 'implicit', verify: true }, cache)).rejects.toMatchObject({
      failure: { class: 'tls' },
    })
  })
})

describe('EHLO', () => {
  it('says the own address as an address literal (RFC 5321 4.1.3)', async () => {
    await using server = await ScriptedServer.start()
    await open(server, { mode: 'none', verify: true }, new Map())
    expect(server.sessions[0]?.commands).toEqual(['EHLO [127.0.0.1]'])
  })

  it('is said again under TLS, and only what is offered there counts (RFC 3207 4.2)', async () => {
    await using server = await ScriptedServer.start({
      ehlo: { first: [[say('250-x', '250-STARTTLS', '250 SIZE 5')], [say('250-x', '250 PIPELINING')]] },
      tls: { cert: certificate.certPem, key: certificate.keyPem },
    })
    const tls = { mode: 'starttls', verify: true, ca: certificate.certPem } as const
    const capabilities = await open(server, tls, new Map())
    expect(capabilities).toEqual({ ...NO_CAPABILITIES, pipelining: true })
    expect(server.sessions[0]?.commands.map((command) => command.split(' ')[0])).toEqual([
      'EHLO',
      'STARTTLS',
      'EHLO',
    ])
  })
})
