import type { OnReply, OnSample } from 'mailstorm'
import type { Own } from './own-metrics.stress.ts'

const SLOW_MS = 1_000

/** Called once per message, when it has ended. The first message of a session carries its handshake. */
export const onSample: OnSample<Own> = (sample, metrics) => {
  metrics.add('slow', sample.serviceMs > SLOW_MS)
  const connectMs = sample.phaseMs('connect')
  if (connectMs === undefined) return
  metrics.add('handshake_ms', connectMs + (sample.phaseMs('greeting') ?? 0) + (sample.phaseMs('ehlo') ?? 0))
}

/** Called once per reply. 421: the server closes the session; 450 to 452: try again later. */
export const onReply: OnReply<Own> = (reply, metrics) => {
  if (reply.code === 421 || (reply.code >= 450 && reply.code <= 452)) metrics.add('busy_replies')
  // The first line of EHLO's reply is the server's name, each further one an extension (RFC 5321 4.1.1.1).
  if (reply.phase === 'ehlo') metrics.add('extensions', reply.lines.length - 1)
}
