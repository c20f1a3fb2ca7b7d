import { asFailure, failed, refused, SmtpFailure } from './failure.ts'
import { isCompletion, isGoAhead, type Reply } from './reply.ts'
import type { PhaseTimer, Session } from './session.ts'
import type { PipeliningLevel } from './target.ts'

/** The commands of one envelope, ready to send; the same for every message of a session. */
export interface Envelope {
  readonly mail: string
  readonly rcpt: readonly string[]
  /** MAIL, RCPT and DATA in one write (RFC 2920 3.1). */
  readonly whole: string
}

/** To MAIL, each RCPT and DATA. */
function repliesTo({ rcpt }: Envelope): number {
  return rcpt.length + 2
}

/** `SIZE=` only where the server offers it (RFC 1870 6.1). */
export function envelopeFor(
  sender: string,
  recipients: readonly string[],
  sizeBytes: number | undefined,
): Envelope {
  const mail = `MAIL FROM:<${sender}>${sizeBytes === undefined ? '' : ` SIZE=${sizeBytes}`}\r\n`
  const rcpt = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`)
  return { mail, rcpt, whole: `${mail}${rcpt.join('')}DATA\r\n` }
}

export interface EnvelopeResult {
  /** Why recipients were refused while others were taken. */
  readonly refusals: readonly SmtpFailure[]
}

/** Why no data can follow, and whether the server still holds the envelope, so that it needs RSET. */
export class EnvelopeRefused {
  readonly failure: SmtpFailure
  readonly needsReset: boolean
  /** False where the session ended, or 421 said that it does, before any other reply to this envelope. */
  readonly begun: boolean

  constructor(failure: SmtpFailure, needsReset: boolean, begun = true) {
    this.failure = failure
    this.needsReset = needsReset
    this.begun = begun
  }
}

export interface TransactionContext {
  readonly session: Session
  readonly envelope: Envelope
  readonly pipelining: PipeliningLevel
  /** Of the message at hand: a session has one context for all its messages. */
  timer: PhaseTimer
}

/** MAIL, RCPT…, DATA up to 354. `sent`: they were already written behind the message before. Throws SmtpFailure. */
export function sendEnvelope(
  context: TransactionContext,
  sent: boolean,
): Promise<EnvelopeResult | EnvelopeRefused> {
  return context.pipelining === 'off' ? lockStepEnvelope(context) : pipelinedEnvelope(context, sent)
}

async function lockStepEnvelope(context: TransactionContext): Promise<EnvelopeResult | EnvelopeRefused> {
  const { session, envelope, timer } = context
  const ask = (line: string): Promise<Reply> => {
    session.transport.write(line, 1)
    return session.transport.reply()
  }
  session.transport.enter('envelope')
  let mail: Reply
  try {
    mail = await ask(envelope.mail)
  } catch (error) {
    return notBegun(asFailure(error))
  }
  if (mail.code === 421) return refuse(context, refused(mail, 'envelope'), false, false)
  if (!isCompletion(mail)) return refuse(context, refused(mail, 'envelope'), false)
  const refusals: SmtpFailure[] = []
  for (const line of envelope.rcpt) {
    if (noteRecipient(refusals, await ask(line))) break
  }
  const nobody = whyNobody(refusals, envelope)
  if (nobody !== undefined) return refuse(context, nobody, true)
  session.transport.enter('data', session.transport.timeoutMs, timer.mark('envelope'))
  const data = await ask('DATA\r\n')
  timer.mark('data')
  if (!isGoAhead(data)) return new EnvelopeRefused(refused(data, 'data'), true)
  return { refusals }
}

async function pipelinedEnvelope(
  context: TransactionContext,
  sent: boolean,
): Promise<EnvelopeResult | EnvelopeRefused> {
  const { session, envelope, timer } = context
  const { transport } = session
  transport.enter('envelope')
  if (!sent) transport.write(envelope.whole, repliesTo(envelope))
  let mail: Reply
  try {
    mail = transport.take() ?? (await transport.reply())
  } catch (error) {
    return notBegun(asFailure(error))
  }
  if (mail.code === 421) return refuse(context, refused(mail, 'envelope'), false, false)
  // The first refusal tells why; what follows it in the pipeline only echoes it.
  let why = isCompletion(mail) ? undefined : refused(mail, 'envelope')
  try {
    const refusals: SmtpFailure[] = []
    for (const _ of envelope.rcpt) {
      if (noteRecipient(refusals, transport.take() ?? (await transport.reply()))) break
    }
    why ??= whyNobody(refusals, envelope)
    if (why?.failure.code === 421) return refuse(context, why, false)
    transport.enter('data', transport.timeoutMs, timer.mark('envelope'))
    const data = transport.take() ?? (await transport.reply())
    timer.mark('data')
    // 2yz to DATA shows that the replies are out of step, so that no earlier one tells anything.
    if (data.code < 300) return new EnvelopeRefused(refused(data, 'data'), false)
    if (!isGoAhead(data)) return new EnvelopeRefused(why ?? refused(data, 'data'), isCompletion(mail))
    if (why === undefined) return { refusals }
    await sendNothing(context)
    return new EnvelopeRefused(why, false)
  } catch (error) {
    // Some servers refuse and close at once: what they said stands.
    if (why === undefined || !(error instanceof SmtpFailure)) throw error
    return new EnvelopeRefused(why, false)
  }
}

/** Keeps a refusal; true after a 421: the server closes then, and no reply may follow. */
function noteRecipient(refusals: SmtpFailure[], reply: Reply): boolean {
  if (!isCompletion(reply)) refusals.push(refused(reply, 'envelope'))
  return reply.code === 421
}

/** Why nobody gets the message: the session ends (421, RFC 5321 3.8), or all recipients were refused. */
function whyNobody(refusals: readonly SmtpFailure[], envelope: Envelope): SmtpFailure | undefined {
  const last = refusals.at(-1)
  if (last?.failure.code === 421) return last
  return refusals.length === envelope.rcpt.length ? refusals[0] : undefined
}

/** RFC 2920 3.1: a server may take DATA after it refused all recipients; then a lone dot ends it. */
async function sendNothing({ session }: TransactionContext): Promise<void> {
  session.transport.enter('accept')
  session.transport.write('.\r\n', 1)
  await session.transport.reply()
}

function notBegun(failure: SmtpFailure): EnvelopeRefused {
  return new EnvelopeRefused(failure, false, false)
}

function refuse(
  { timer }: TransactionContext,
  failure: SmtpFailure,
  needsReset: boolean,
  begun = true,
): EnvelopeRefused {
  timer.mark('envelope')
  return new EnvelopeRefused(failure, needsReset, begun)
}

/** Slowest transfer that is not called a timeout. */
export const LEAST_BYTES_PER_MS = 100

/**
 * The message after 354, up to the final reply, which it gives; throws SmtpFailure when that refuses. `envelopeFollows`:
 * the octets end with the envelope of the next message.
 */
export async function sendMessage(
  context: TransactionContext,
  octets: readonly Buffer[],
  envelopeFollows: boolean,
): Promise<Reply> {
  const { session, envelope, timer } = context
  const { transport } = session
  let bytes = 0
  for (const part of octets) bytes += part.length
  transport.enter('transfer', transport.timeoutMs + bytes / LEAST_BYTES_PER_MS)
  transport.writeMessage(octets, envelopeFollows ? 1 + repliesTo(envelope) : 1)
  const flushed = transport.flushed()
  if (flushed !== undefined) await flushed
  transport.enter('accept', transport.timeoutMs, timer.mark('transfer'))
  const reply = await transport.reply()
  timer.mark('accept')
  if (!isCompletion(reply)) throw refused(reply, 'accept')
  return reply
}

/** Clears what the server holds of a refused envelope (RFC 5321 4.1.1.5). Throws SmtpFailure. */
export async function resetTransaction({ transport }: Session): Promise<void> {
  transport.enter('envelope')
  transport.write('RSET\r\n', 1)
  const reply = await transport.reply()
  if (!isCompletion(reply)) throw failed('protocol_error', 'envelope', `RSET answered with ${reply.code}`)
}

/** QUIT, and the server's goodbye, whatever it is: 221 by right (RFC 5321 4.1.1.10). Rejects with SmtpFailure. */
export function quit({ transport }: Session, timeoutMs: number): Promise<Reply> {
  transport.enter('quit', timeoutMs)
  transport.write('QUIT\r\n', 1)
  return transport.reply()
}
