import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Dialogue } from './dialogue.ts'

/**
 * SMTP server program whose replies come DELAY_MS after what they answer, as over a network of that
 * round-trip time. What arrives together is answered together (RFC 2920 3.2). It keeps nothing and
 * prints its port.
 */
const delayMs = Number(process.env.DELAY_MS ?? '10')

const server = createServer({ noDelay: true }, serve).listen(0, '127.0.0.1')
await once(server, 'listening')
console.log((server.address() as AddressInfo).port)
// The bench that started this one has ended: so does this.
process.stdin.resume().once('end', () => process.exit())

function serve(socket: Socket): void {
  const later = (text: string, end: boolean) =>
    setTimeout(() => (end ? socket.end(text) : socket.write(text)), delayMs)
  const dialogue = new Dialogue()
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    const replies = dialogue.answer(text)
    if (replies !== '') later(replies, replies.endsWith('221 bye\r\n'))
  })
  socket.on('error', () => socket.destroy())
  later('220 delayed.example ESMTP\r\n', false)
}
