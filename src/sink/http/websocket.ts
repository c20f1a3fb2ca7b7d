import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Hub, MAX_BACKLOG_BYTES } from './hub.ts'
import { encodeFrame, type Frame, FrameReader, OPCODES } from './websocket-frames.ts'

// RFC 6455 1.3: what a server adds to the key to prove that it speaks WebSocket.
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const PING_MS = 54_000
/** MailHog's clients have nothing to say: more than this closes the connection. */
const MAX_RECEIVED_BYTES = 1
// RFC 6455 7.4.1.
const CLOSE_TOO_BIG = Buffer.from([0x03, 0xf1])

/** Answers an upgrade request (RFC 6455 4.2) and sends every stored message as one text frame. */
export function openWebSocket(request: IncomingMessage, socket: Duplex, hub: Hub): void {
  const key = request.headers['sec-websocket-key']
  if (key === undefined || request.headers['sec-websocket-version'] !== '13') {
    socket.end(
      'HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    return
  }
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  serve(socket, hub)
}

function serve(socket: Duplex, hub: Hub): void {
  const listener = {
    offer(json: string): boolean {
      if (socket.writableLength > MAX_BACKLOG_BYTES) return false
      // MailHog's encoder ends each message with a line feed.
      socket.write(encodeFrame(OPCODES.text, Buffer.from(`${json}\n`, 'latin1')))
      return true
    },
  }
  const ping = setInterval(() => socket.write(encodeFrame(OPCODES.ping)), PING_MS)
  ping.unref()
  const frames = new FrameReader()
  socket.on('data', (chunk: Buffer) => {
    for (const frame of frames.push(chunk)) answer(frame, socket)
  })
  // The peer is gone: 'close' follows.
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    clearInterval(ping)
    hub.remove(listener)
  })
  hub.add(listener)
}

function answer(frame: Frame, socket: Duplex): void {
  if (!socket.writable) return
  if (frame.opcode === OPCODES.ping) socket.write(encodeFrame(OPCODES.pong, frame.payload))
  else if (frame.opcode === OPCODES.close) socket.end(encodeFrame(OPCODES.close, frame.payload))
  else if (frame.opcode !== OPCODES.pong && frame.length > MAX_RECEIVED_BYTES) {
    socket.end(encodeFrame(OPCODES.close, CLOSE_TOO_BIG))
  }
}
