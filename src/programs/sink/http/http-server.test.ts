import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { Store } from '../store/store.ts'
import { BasicAuth, createHttpServer } from './http-server.ts'
import { Hub } from './live-events.ts'
import { Messages } from './messages.ts'
import { Router } from './router.ts'

function authOf(text: string): BasicAuth {
  const folder = mkdtempSync(join(tmpdir(), 'sink-auth-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'auth')
  writeFileSync(path, text)
  return BasicAuth.fromFile(path)
}

function request(user: string, password: string): IncomingMessage {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return { headers: { authorization } } as IncomingMessage
}

// Of OpenWall's crypt_blowfish 1.3 (wrapper.c), and of `MailHog bcrypt sécret`.
test.each([
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ['sécret', '$2a$04$XumVwxrroAUxDZQen3AE4u45zc9hEBQ3CnGjToVtcVpZhQrvo/X1u'],
])('lets the password %j in, and no other', (password, hash) => {
  const auth = authOf(`someone:${hash}\n`)
  expect(auth.allows(request('someone', `${password}x`))).toBe(false)
  expect(auth.allows(request('someone', password))).toBe(true)
  expect(auth.allows(request('somebody', password))).toBe(false)
  expect(auth.allows({ headers: {} } as IncomingMessage)).toBe(false)
})

test.each([
  'someone',
  'someone:plain',
  'someone:$2a$05$short',
  'someone:$1$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  'someone:$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
])('refuses an auth file with the line %s, and names the line', (line) => {
  expect(() => authOf(`\n${line}\n`)).toThrow('line 2 is not "user:bcrypt hash"')
})

/** What the server sends until it closes the connection, after a handshake with these fields and these octets. */
async function answerTo(fields: readonly string[], octets = Buffer.alloc(0)): Promise<Buffer> {
  const store = new Store()
  const { server, cutAll } = createHttpServer({
    router: new Router([], { corsOrigin: undefined, webPath: '' }),
    auth: undefined,
    headerOnly: false,
    websocket: { path: '/ws', hub: new Hub(new Messages({ store, hostname: 'sink.test' })) },
  })
  onTestFinished(() => {
    cutAll()
    server.close()
    store.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const head = ['GET /ws HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', ...fields]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(octets)
  return Buffer.from(await text(socket.setEncoding('latin1')), 'latin1')
}

// RFC 6455 1.3.
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const VERSION = 'Sec-WebSocket-Version: 13'

test.each([
  ['another version', [KEY, 'Sec-WebSocket-Version: 8']],
  ['no version', [KEY]],
  ['no key', [VERSION]],
])('answers a websocket handshake with %s as MailHog does: 400 and the version', async (_what, fields) => {
  expect((await answerTo(fields)).toString()).toMatch(/^HTTP\/1\.1 400 .*\r\nSec-WebSocket-Version: 13\r\n/)
})

test.each([
  // RFC 6455 5.1: a client that does not mask is closed with 1002; 5.7 has these frames.
  ['an unmasked frame', '810548656c6c6f', 1002],
  ['a masked "Hello": clients have nothing to say', '818537fa213d7f9f4d5158', 1009],
])('closes the websocket on %s', async (_what, frame, code) => {
  const answer = await answerTo([KEY, VERSION], Buffer.from(frame, 'hex'))
  expect(answer.toString()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
  const frames = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
  expect([frames[0], frames.readUInt16BE(2)]).toEqual([0x88, code])
})
