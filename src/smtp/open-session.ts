import type { MessageWriter } from './message.ts'
import type { SenderOptions } from './sender.ts'
import { openSession, type PhaseTimer, type Session } from './session.ts'
import type { PipeliningLevel, SmtpTarget } from './target.ts'
import { envelopeFor, type TransactionContext } from './transaction.ts'
import type { OnReplyTaken, Transport } from './transport.ts'

/** An open session with what is the same for all its messages. */
export interface OpenSession {
  readonly session: Session
  readonly pipelining: PipeliningLevel
  readonly writer: MessageWriter
  readonly context: Omit<TransactionContext, 'timer'>
}

/** A session with the target of this index, among the sender's transports as long as it is open. Throws SmtpFailure. */
export async function openForMessages(
  sender: SenderOptions,
  targetIndex: number,
  timer: PhaseTimer,
): Promise<OpenSession> {
  const { targets, template, shape, clock, tlsSessions, transports, onReply } = sender
  const target = targets[targetIndex] as SmtpTarget
  let opened: Transport | undefined
  const onTransport = (transport: Transport) => {
    opened = transport
    transports.add(transport, targetIndex)
  }
  const onReplyTaken: OnReplyTaken | undefined =
    onReply && ((reply, phase) => onReply(reply, phase, targetIndex))
  try {
    const options = { target, clock, timeoutMs: shape.timeoutMs, tlsSessions, onTransport, onReplyTaken }
    const session = await openSession(options, timer)
    const size = session.capabilities.size ? template.sizeBytes : undefined
    const envelope = envelopeFor(template.sender, template.recipients, size)
    const pipelining = session.capabilities.pipelining ? shape.pipelining : 'off'
    const context = { session, envelope, pipelining, timeoutMs: shape.timeoutMs }
    return { session, pipelining, writer: template.writer(envelope.whole), context }
  } catch (error) {
    if (opened !== undefined) transports.delete(opened)
    throw error
  }
}
