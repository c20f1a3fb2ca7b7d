import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'
import { onTestFinished } from 'vitest'

/** What it knows, by name in lower case; a name that is not there does not exist. */
export type Zone = Readonly<Record<string, readonly Answer[]>>

export const mx = (preference: number, exchange: string): Answer => ({
  type: 'MX',
  name: '',
  data: { preference, exchange },
})
export const a = (data: string): Answer => ({ type: 'A', name: '', data })

/** RFC 1035 4.1.1: the domain does not exist. */
const NXDOMAIN = 3

/** A name server (RFC 1035) on loopback for the length of the test; returns its address. */
export async function nameServer(zone: Zone, asked: string[] = []): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => {
    const { id, questions = [] } = decode(message)
    const [question] = questions
    if (question === undefined) return
    const name = question.name.toLowerCase()
    asked.push(`${question.type} ${name}`)
    const known = zone[name]
    const answers = (known ?? [])
      .filter(({ type }) => type === question.type)
      .map((one) => ({ ...one, name }))
    const flags = AUTHORITATIVE_ANSWER | (known === undefined ? NXDOMAIN : 0)
    socket.send(encode({ type: 'response', id: id ?? 0, flags, questions, answers }), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}
