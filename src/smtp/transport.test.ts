import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { raw } from '../../test/servers/script.ts'
import { ScriptedServer } from '../../test/servers/scripted-server.ts'
import { send } from '../../test/truth/send.ts'
import { systemClock } from '../engine/clock.ts'
import { flushed, replyOf, until } from './session.ts'
import type { SmtpTarget } from './target.ts'
import { Transport } from './transport.ts'

const AMPLE_MS = 10_000

function connected(transport: Transport): Promise<true> {
  transport.enter('connect')
  return until(transport, () => transport.isOpen || undefined)
}

describe('a transport that has failed', () => {
  const targetOf = (port: number): SmtpTarget => ({
    name: 'server',
    host: '127.0.0.1',
    port,
    tls: { mode: 'starttls', verify: false },
  })

  /** The greeting is what broke it. */
  async function broken(server: ScriptedServer): Promise<Transport> {
    const transport = Transport.connect(targetOf(server.port), systemClock, { replyTimeoutMs: AMPLE_MS })
    await connected(transport)
    await expect(replyOf(transport)).rejects.toMatchObject({ failure: { class: 'protocol_error' } })
    return transport
  }

  it.each<[string, (transport: Transport) => Promise<unknown>]>([
    ['connected', connected],
    [
      'reply, after secure',
      (transport) => {
        transport.secure()
        return replyOf(transport)
      },
    ],
    ['reply', replyOf],
    ['flushed', flushed],
    [
      'flushed, after a write',
      (transport) => {
        transport.write('NOOP\r\n', 1)
        return flushed(transport)
      },
    ],
    [
      'flushed, after a message',
      (transport) => {
        transport.writeMessage([Buffer.from('x'), Buffer.from('.\r\n')], 1)
        return flushed(transport)
      },
    ],
  ])('begins no wait: %s rejects at once with the failure', async (_, wait) => {
    await using server = await ScriptedServer.start({ greeting: [raw('junk\r\n')] })
    const transport = await broken(server)
    await expect(wait(transport)).rejects.toMatchObject({
      failure: { class: 'protocol_error', text: 'not an SMTP reply: junk' },
    })
  })
})

describe('a second reply to the final dot', () => {
  it('at level transactions ends the next message as protocol_error, and no other takes its place', async () => {
    const twice = [raw('250 2.0.0 taken\r\n554 5.6.0 no\r\n')]
    await using server = await ScriptedServer.start({ dot: { first: [twice] } })
    const { samples } = await send({ port: server.port, pipelining: 'transactions' })
    expect(samples.map(({ outcome, failure }) => [outcome, failure?.class, failure?.phase])).toEqual([
      ['accepted', undefined, undefined],
      ['failed', 'protocol_error', 'data'],
      ['accepted', undefined, undefined],
    ])
  })
})

describe('TLS', () => {
  it.each(['off', 'commands', 'transactions'] as const)(
    'takes no 250 that came in one packet with 354, though in a record of its own; pipelining %s',
    async (pipelining) => {
      await using server = await startRecords({ DATA: ['354 go\r\n', '250 2.0.0 early\r\n'] })
      const { samples } = await send({
        port: server.port,
        pipelining,
        tls: { mode: 'implicit', verify: false },
      })
      expect(samples.map(({ outcome, failure }) => [outcome, failure?.class])).toEqual(
        Array(3).fill(['failed', 'protocol_error']),
      )
    },
  )

  it('takes a 250 that came after the message', async () => {
    await using server = await startRecords({ DATA: ['354 go\r\n'] })
    const { samples } = await send({ port: server.port, tls: { mode: 'implicit', verify: false } })
    expect(samples.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
  })
})

const REPLIES: Readonly<Record<string, readonly string[]>> = {
  EHLO: ['250-records\r\n250 PIPELINING\r\n'],
  MAIL: ['250 ok\r\n'],
  RCPT: ['250 ok\r\n'],
  '.': ['250 taken\r\n'],
  QUIT: ['221 bye\r\n'],
}

/** A server with TLS whose replies to one command are records of their own in one packet. */
async function startRecords(replies: Readonly<Record<string, readonly string[]>>) {
  const { certPem, keyPem } = await selfSignedCertificate()
  const secureContext = createSecureContext({ cert: certPem, key: keyPem })
  const answers = { ...REPLIES, ...replies }
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    let held: Buffer[] | undefined
    const wire = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        if (held === undefined) socket.write(chunk)
        else held.push(chunk)
        done()
      },
    })
    socket.on('data', (chunk: Buffer) => wire.push(chunk))
    socket.on('close', () => wire.destroy())
    // A Duplex can carry TLS as well as a Socket can (tls.TLSSocket), whatever its type says.
    const secured = new TLSSocket(wire as unknown as ConstructorParameters<typeof TLSSocket>[0], {
      isServer: true,
      secureContext,
    })
    secured.on('error', () => {})
    const answer = async (texts: readonly string[]) => {
      held = []
      for (const text of texts) await new Promise((resolve) => secured.write(text, resolve))
      socket.write(Buffer.concat(held))
      held = undefined
    }
    let received = ''
    let turn = once(secured, 'secure').then(() => answer(['220 hi\r\n']))
    secured.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      for (let end = received.indexOf('\r\n'); end !== -1; end = received.indexOf('\r\n')) {
        const texts = answers[received.slice(0, end).split(' ')[0] as string]
        received = received.slice(end + 2)
        if (texts !== undefined) turn = turn.then(() => answer(texts))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}
