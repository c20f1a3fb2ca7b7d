import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'
import { hang, say } from '../test/servers/script.ts'
import { ScriptedServer } from '../test/servers/scripted-server.ts'
import { seeBanner } from './smtp-banner.ts'

it('does not wait longer than its time for a server that greets and then never closes', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.resume().write('220 hi\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await expect(seeBanner('127.0.0.1', (server.address() as AddressInfo).port, 100)).resolves.toBeUndefined()
  server.close()
})

it('says that no 220 came in time', async () => {
  await using server = await ScriptedServer.start({ greeting: [hang] })
  await expect(seeBanner(server.host, server.port, 100)).rejects.toThrow('no 220 greeting within 100 ms')
})

it('says with what a server greets that takes no sessions', async () => {
  await using server = await ScriptedServer.start({ greeting: [say('554 no mail here')] })
  await expect(seeBanner(server.host, server.port, 1_000)).rejects.toThrow(
    'it greets with "554 no mail here"',
  )
})

/** A server that writes `text` over and over, as fast as it is read. */
async function babbling(first: string, text: string) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(first)
    Readable.from(repeated(text)).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

function* repeated(text: string): Generator<string> {
  for (;;) yield text
}

it('does not read a greeting without an end', async () => {
  const port = await babbling('', 'x'.repeat(1_000))
  await expect(seeBanner('127.0.0.1', port, 5_000)).rejects.toThrow('no line end within 512 octets')
})

it('leaves a server that never stops talking', async () => {
  const port = await babbling('220 hi\r\n', 'hi again\r\n'.repeat(10_000))
  await expect(seeBanner('127.0.0.1', port, 500)).resolves.toBeUndefined()
})

it('shows a greeting without its control characters', async () => {
  await using server = await ScriptedServer.start({ greeting: [say('554 \u001b[2Jno mail')] })
  await expect(seeBanner(server.host, server.port, 1_000)).rejects.toThrow('it greets with "554 no mail"')
})
