import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { freePort } from '../../containers/loopback.ts'
import { runLoad } from '../../src/run/load.ts'
import { a, mx, nameServer, type Zone } from '../servers/name-server.ts'

const load = {
  executor: 'shared-iterations',
  messages: 12,
  workers: 4,
  messagesPerSession: 1,
  size: 'small',
} as const

/** A server that takes everything at one port of several loopback addresses, as exchangers have one port. */
async function exchangers(...addresses: string[]) {
  const port = await freePort()
  const sessions: Record<string, number> = {}
  for (const address of addresses) {
    sessions[address] = 0
    await listen(port, address, () => {
      sessions[address] = (sessions[address] ?? 0) + 1
    })
  }
  return { port, sessions }
}

async function listen(
  port: number,
  address: string,
  onMessage: (socket: Socket) => void,
  tls?: { readonly cert: string; readonly key: string },
): Promise<void> {
  const talk = (socket: Socket) => {
    let isData = false
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      for (const line of String(chunk).split('\r\n').slice(0, -1)) {
        if (isData && line !== '.') continue
        if (line === 'DATA') onMessage(socket)
        isData = line === 'DATA'
        if (line === 'QUIT') socket.end('221 bye\r\n')
        else socket.write(isData ? '354 go on\r\n' : '250 ok\r\n')
      }
    })
    socket.write('220 ready\r\n')
  }
  const server = tls === undefined ? createServer(talk) : createTlsServer(tls, talk)
  server.listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
}

const ZONE: Zone = {
  'example.test': [mx(20, 'backup.example.test'), mx(10, 'one.example.test'), mx(10, 'two.example.test')],
  'one.example.test': [a('127.0.0.11')],
  'two.example.test': [a('127.0.0.12')],
  'backup.example.test': [a('127.0.0.13')],
  'own.example.test': [a('127.0.0.11')],
  'null.example.test': [mx(0, '.')],
  'public.example.test': [mx(10, 'mail.public.example.test')],
  'mail.public.example.test': [a('203.0.113.7')],
  'empty.example.test': [mx(10, 'gone.example.test')],
}

describe('the mail exchangers of a domain', () => {
  it('those of the lowest preference take sessions in turn, and a higher one nothing', async () => {
    const { port, sessions } = await exchangers('127.0.0.11', '127.0.0.12', '127.0.0.13')
    const asked: string[] = []
    const resolver = await nameServer(ZONE, asked)
    const target = `mx:example.test:${port}`
    const { metrics, servers, name_lookups } = await runLoad({ ...load, resolver, targets: [target] })
    expect(metrics.successful_messages).toBe(12)
    expect(servers).toEqual([target])
    expect(sessions['127.0.0.13']).toBe(0)
    expect(sessions['127.0.0.11']).toBeGreaterThan(2)
    expect(sessions['127.0.0.12']).toBeGreaterThan(2)
    expect(name_lookups?.[0]).toMatchObject({
      host: target,
      addresses: expect.arrayContaining(['127.0.0.13']),
    })
    // Once for the run.
    expect(asked.filter((question) => question === 'MX example.test')).toHaveLength(1)
  })

  it('the next ones take the mail where the first cannot be reached (RFC 5321 5.1)', async () => {
    const { port, sessions } = await exchangers('127.0.0.13')
    const resolver = await nameServer(ZONE)
    const { metrics } = await runLoad({ ...load, resolver, targets: [`mx:example.test:${port}`] })
    expect(metrics.successful_messages).toBe(12)
    expect(sessions['127.0.0.13']).toBe(12)
  })

  it('under TLS each is asked for by its own name, not by that of the domain', async () => {
    const { certPem: cert, keyPem: key } = await selfSignedCertificate()
    const port = await freePort()
    const names: string[] = []
    for (const address of ['127.0.0.11', '127.0.0.12'])
      await listen(port, address, (socket) => names.push(String((socket as TLSSocket).servername)), {
        cert,
        key,
      })
    const resolver = await nameServer(ZONE)
    const secure = { tls: 'implicit', tlsVerify: false, resolver } as const
    await runLoad({ ...load, ...secure, targets: [`mx:example.test:${port}`] })
    expect(new Set(names)).toEqual(new Set(['one.example.test', 'two.example.test']))
  })

  it('a domain without MX is its own exchanger', async () => {
    const { port, sessions } = await exchangers('127.0.0.11')
    const resolver = await nameServer(ZONE)
    await runLoad({ ...load, resolver, targets: [`mx:own.example.test:${port}`] })
    expect(sessions['127.0.0.11']).toBe(12)
  })

  it.each([
    ['null', 'it takes no mail (null MX, RFC 7505), says '],
    ['nowhere', 'there is no such domain, says '],
    ['empty', 'none of its mail exchangers has an address, says '],
    [
      'public',
      'a mail exchanger of public.example.test is 203.0.113.7, which is neither loopback nor a private',
    ],
  ])('%s.example.test: one message before the load', async (name, why) => {
    const resolver = await nameServer(ZONE)
    await expect(runLoad({ ...load, resolver, targets: [`mx:${name}.example.test`] })).rejects.toThrow(why)
  })

  it('a resolver that is missing, public, or does not answer: one message before the load', async () => {
    const targets = ['mx:example.test']
    await expect(runLoad({ ...load, targets })).rejects.toThrow(
      'SMTP_TARGETS=mx:example.test needs the name server that knows its mail exchangers. Set STRESS_RESOLVER=127.0.0.1:5353.',
    )
    await expect(runLoad({ ...load, targets, resolver: '203.0.113.1' })).rejects.toThrow(
      'Failed to accept the target: the resolver is 203.0.113.1, which is neither loopback nor a private address.',
    )
    const resolver = `127.0.0.1:${await freePort()}`
    await expect(runLoad({ ...load, targets, resolver })).rejects.toThrow(
      `Failed to find the mail exchangers of example.test: the name server ${resolver} `,
    )
    await expect(runLoad({ ...load, targets: ['127.0.0.1:25'], resolver })).rejects.toThrow(
      'STRESS_RESOLVER changes nothing without a target such as mx:example.test.',
    )
  })
})
