import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { crc32 } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { ListenersRig } from './smtp-listeners.fixture.ts'

const rig = new ListenersRig()

describe('greeting', () => {
  test('comes well under 100 ms after the connection', async () => {
    await rig.serve()
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const started = performance.now()
      expect(await rig.client().reply()).toBe('220 localhost ESMTP')
      times.push(performance.now() - started)
    }
    expect(times.sort((a, b) => a - b)[4]).toBeLessThan(30)
  })

  test('does not refuse a client that talks first', async () => {
    await rig.serve()
    const raw = rig.client()
    raw.write('EHLO client.example\r\n')
    expect(await raw.reply()).toMatch(/^220 /)
    expect(await raw.reply()).toMatch(/^250-/)
  })

  test('is followed by the extensions, without STARTTLS when there is no certificate', async () => {
    await rig.serve({ SMTP_MAX_MESSAGE_SIZE: '4096' })
    const raw = rig.client()
    await raw.reply()
    expect((await raw.say('EHLO client.example')).split('\r\n').map((line) => line.slice(4))).toEqual([
      'localhost Nice to meet you, [127.0.0.1]',
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2',
      'SIZE 4096',
      'CHUNKING',
    ])
    expect(await raw.say('STARTTLS')).toMatch(/^500 /)
  })
})

describe('messages', () => {
  test('are in the ledger with id, size and CRC, dots unstuffed', async () => {
    await rig.serve()
    const body = '.\r\n..dots\r\n\r\nend\r\n'
    const crc = crc32(Buffer.from(body)).toString(16).padStart(8, '0')
    const text = `X-Mailstorm-Id: r-1\r\nX-Mailstorm-Body-Crc: ${crc}\r\n\r\n${body}`
    const raw = await rig.readyClient()
    expect(await raw.send(text)).toBe('250 2.6.0 OK: message queued')
    expect(await raw.send(text.replace('end', 'and'))).toMatch(/^250 /)
    expect(rig.ledger.of('r')).toMatchObject({ accepted: 2, bytes: 2 * text.length, corrupted: 1 })
  })

  test('and the next envelope in one segment are all answered, in order and in one write', async () => {
    await rig.serve()
    const raw = await rig.readyClient()
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
    expect(rig.ledger.of('r').accepted).toBe(1)
  })

  test('whose connection breaks within are not received', async () => {
    await rig.serve()
    const raw = await rig.readyClient()
    for (const line of ['MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>', 'DATA']) await raw.say(line)
    raw.write('X-Mailstorm-Id: r-1\r\n\r\nhalf a body\r\n')
    raw.socket.end()
    await raw.closed()
    await expect.poll(() => rig.ledger.of('r').connections.current).toBe(0)
    expect(rig.ledger.of('r').accepted).toBe(0)
  })

  test('that cannot be written to the ledger are deferred with 452', async () => {
    const write = vi.spyOn(rig.ledger, 'record').mockImplementation((_entry, recorded) => {
      recorded(new Error('ENOSPC'))
    })
    const log = vi.spyOn(console, 'error').mockReturnValue()
    await rig.serve()
    const raw = await rig.readyClient()
    expect(await raw.send('X-Mailstorm-Id: r-1\r\n\r\n')).toBe('452 4.2.2 Ledger cannot be written')
    expect(log).toHaveBeenCalledExactlyOnceWith('Failed to write the ledger: ENOSPC')
    write.mockRestore()
    log.mockRestore()
    expect(await raw.send('X-Mailstorm-Id: r-1\r\n\r\n')).toMatch(/^250 /)
  })
})

describe('limits', () => {
  test('of connections: 421 above, and a place again once one has left', async () => {
    await rig.serve({ SMTP_MAX_CONNECTIONS: '2' })
    const first = await rig.readyClient()
    const second = await rig.readyClient()
    const third = rig.client()
    expect(await third.reply()).toBe('421 localhost Too many connected clients, try again in a moment')
    await third.closed()
    expect(await first.say('NOOP')).toBe('250 2.0.0 OK')
    expect(rig.ledger.of('').connections).toEqual({ current: 2, peak: 2 })
    await second.say('QUIT')
    expect(await rig.client().reply()).toMatch(/^220 /)
  })

  test('of size: 552 at MAIL with SIZE=, and nothing more is asked', async () => {
    await rig.serve({ SMTP_MAX_MESSAGE_SIZE: '1000' })
    const raw = await rig.readyClient()
    expect(await raw.say('MAIL FROM:<a@example.com> SIZE=1001')).toMatch(/^552 5\.3\.4 /)
    expect(await raw.say('MAIL FROM:<a@example.com> SIZE=1000')).toMatch(/^250 /)
  })

  test('of size: 552 after data that exceed it, and not in the ledger; exactly the limit is accepted', async () => {
    await rig.serve({ SMTP_MAX_MESSAGE_SIZE: '1000' })
    const head = 'X-Mailstorm-Id: r-1\r\n\r\n'
    const raw = await rig.readyClient()
    const fill = (size: number) => `${head}${'x'.repeat(size - head.length - 2)}\r\n`
    expect(await raw.send(fill(1001))).toMatch(/^552 5\.3\.4 /)
    expect(await raw.send(fill(1000))).toMatch(/^250 /)
    expect(rig.ledger.of('r')).toMatchObject({ accepted: 1, bytes: 1000 })
  })
})
