import type { Clock } from '../../engine/clock.ts'
import { levelOffered } from '../../smtp/capabilities.ts'
import { SmtpFailure } from '../../smtp/failure.ts'
import { isCompletion, isGoAhead, type Reply, replyText } from '../../smtp/reply.ts'
import { openSession, quit, replyOf, type Session, type TlsSessionCache } from '../../smtp/session.ts'
import { PIPELINING_LEVELS, type PipeliningLevel, type SmtpTarget } from '../../smtp/target.ts'
import type { Transport } from '../../smtp/transport.ts'

export interface TrialOptions {
  readonly target: SmtpTarget
  readonly clock: Clock
  /** The level of the load. */
  readonly asked: PipeliningLevel
  readonly sender: string
  readonly recipient: string
  /** How long each reply may take. */
  readonly timeoutMs: number
  /** False: it only asks what the server offers (EHLO), and sends nothing. */
  readonly mayDeliver: boolean
}

/** The level at which a server is sent to, and why that is not the one that was asked for. */
export interface LevelFinding {
  readonly used: PipeliningLevel
  /** Absent where `used` is what was asked for. */
  readonly why?: string
  /** Messages of the trial that the server has taken: they are marked, and no part of the load. */
  readonly delivered: number
}

/** What a trial shows: nothing wrong, or what is. */
interface Shown {
  readonly wrong?: string
  readonly delivered: number
}

/** Nothing depends on the goodbye. */
const GOODBYE_MS = 1_000

const FINE: Shown = { delivered: 0 }

/**
 * Before the load: one group of commands as the load is to pipeline them. Some servers offer PIPELINING and lose
 * what stands behind the end of a message (RFC 2920 3.2 forbids it), or answer it by 503; some offer CHUNKING and
 * take a refused envelope's chunk for commands (RFC 3030 2 has them swallow it). The level then falls back by one
 * and is tried again. What a trial cannot show, as the server cannot be reached or defers, is left to the load.
 */
export async function findLevel(options: TrialOptions): Promise<LevelFinding> {
  const reasons: string[] = []
  let level = options.asked
  let delivered = 0
  for (;;) {
    const session = await open(options).catch(nothing)
    if (session === undefined) break
    const { transport } = session
    try {
      const offered = levelOffered(level, session.capabilities)
      if (offered !== level)
        reasons.push(`it does not offer ${offered === 'off' ? 'PIPELINING' : 'CHUNKING'}`)
      level = offered
      const trial = options.mayDeliver ? TRIALS[level] : undefined
      const shown = trial === undefined ? FINE : await trial(transport, options)
      delivered += shown.delivered
      if (shown.wrong === undefined) break
      reasons.push(shown.wrong)
      level = PIPELINING_LEVELS[PIPELINING_LEVELS.indexOf(level) - 1] as PipeliningLevel
    } finally {
      await quit(transport, GOODBYE_MS).catch(nothing)
      transport.destroy()
    }
  }
  return { used: level, delivered, ...(level === options.asked ? {} : { why: reasons.join(', and ') }) }
}

/** Anything but an SmtpFailure is a fault of ours. */
function nothing(error: unknown): undefined {
  if (!(error instanceof SmtpFailure)) throw error
  return undefined
}

const TRIALS: Readonly<
  Partial<Record<PipeliningLevel, (wire: Transport, options: TrialOptions) => Promise<Shown>>>
> = { transactions: tryTransactions, chunks: tryChunks }

async function open({ target, clock, timeoutMs }: TrialOptions): Promise<Session> {
  const tlsSessions: TlsSessionCache = new Map()
  return openSession({ target, clock, replyTimeoutMs: timeoutMs, tlsSessions })
}

/** A message by DATA, and the next envelope in one write with its final dot. */
async function tryTransactions(wire: Transport, options: TrialOptions): Promise<Shown> {
  const envelope = envelopeOf(options)
  const replies = new Replies(wire)
  wire.enter('envelope', options.timeoutMs)
  wire.write(`${envelope}DATA\r\n`, 3)
  const [mail, rcpt, data] = [await replies.next(), await replies.next(), await replies.next()]
  // Refused or deferred, as greylisting does: the load shows that too.
  if (mail === undefined || rcpt === undefined || data === undefined || !isGoAhead(data)) return FINE
  if (!isCompletion(mail) || !isCompletion(rcpt)) return FINE
  wire.enter('accept', options.timeoutMs)
  wire.write(`${trialMessage(options)}.\r\n${envelope}RSET\r\n`, 4)
  const dot = await replies.next()
  if (dot === undefined) return replies.wasSilent ? FINE : { delivered: 0, wrong: ENDS }
  const delivered = isCompletion(dot) ? 1 : 0
  if (dot.code === 421) return { delivered }
  const wrong = await behindTheEnd(wire, replies, delivered > 0)
  return { delivered, ...(wrong === undefined ? {} : { wrong }) }
}

/**
 * MAIL, RCPT and RSET stand behind the end of a message, and all of them were written with it. QUIT is sent when
 * the message has been answered: a server that lost them says 221 next.
 */
async function behindTheEnd(
  wire: Transport,
  replies: Replies,
  wasTaken: boolean,
): Promise<string | undefined> {
  wire.write('QUIT\r\n', 1)
  const mail = await replies.next()
  // Ended by itself, without 421: what was not begun goes to a new session in the load, too.
  if (mail === undefined) return replies.wasSilent ? LOSES : undefined
  if (mail.code === 221) return LOSES
  // 4xx: it takes one message in a session, or is busy. Not what a trial is for.
  if (mail.code === 421 || (!wasTaken && mail.code >= 400)) return undefined
  if (mail.code >= 500) return `it answers "${replyText(mail)}" to MAIL behind the end of a message`
  const rcpt = await replies.next()
  const rset = await replies.next()
  if (rcpt === undefined || rset === undefined || rcpt.code === 221 || rset.code === 221) return LOSES
  return isCompletion(rset)
    ? undefined
    : `it answers "${replyText(rset)}" to RSET behind the end of a message`
}

const LOSES = 'it loses what is pipelined behind the end of a message'
/** Whether it took the message is not known. */
const ENDS = 'it ends the session, without an answer to the message, when more comes with its end'

/** A message in one write with a second one that has no recipient, so that nobody can get it. */
async function tryChunks(wire: Transport, options: TrialOptions): Promise<Shown> {
  const message = trialMessage(options)
  const first = `RSET\r\n${envelopeOf(options)}BDAT ${message.length} LAST\r\n${message}`
  const refused = `RSET\r\nMAIL FROM:<${options.sender}>\r\nBDAT ${NOBODYS.length} LAST\r\n${NOBODYS}`
  const replies = new Replies(wire)
  wire.enter('accept', options.timeoutMs)
  wire.write(`${first}${refused}RSET\r\n`, 8)
  const rset = await replies.next()
  if (rset !== undefined && rset.code !== 421 && !isCompletion(rset))
    return { delivered: 0, wrong: `it answers "${replyText(rset)}" to RSET` }
  await replies.next()
  await replies.next()
  const last = await replies.next()
  if (last === undefined) {
    const ended = replies.wasSilent ? 'it was silent' : 'it ended the session'
    const wrong = `${ended} before it answered a message by BDAT`
    return replies.goodbye === undefined ? { delivered: 0, wrong } : FINE
  }
  const delivered = isCompletion(last) ? 1 : 0
  if (last.code === 421) return { delivered }
  const wrong = await behindTheChunk(wire, replies)
  return { delivered, ...(wrong === undefined ? {} : { wrong }) }
}

async function behindTheChunk(wire: Transport, replies: Replies): Promise<string | undefined> {
  wire.write('QUIT\r\n', 1)
  const rset = await replies.next()
  if (rset?.code === 421) return undefined
  if (rset === undefined && !replies.wasSilent) return 'it ends the session behind a message by BDAT'
  if (rset === undefined || rset.code === 221) return LOSES
  if (!isCompletion(rset)) return `it answers "${replyText(rset)}" to RSET behind the end of a message`
  const mail = await replies.next()
  if (mail?.code === 421) return undefined
  if (mail === undefined || mail.code === 221) return LOSES
  const bdat = await replies.next()
  if (bdat?.code === 421) return undefined
  if (bdat !== undefined && bdat.code < 400)
    return `it answers "${replyText(bdat)}" to BDAT without a recipient`
  const end = await replies.next()
  if (bdat === undefined || end === undefined || !isCompletion(end) || end.code === 221)
    return DOES_NOT_SWALLOW
  const bye = await replies.next()
  return bye?.code === 221 ? undefined : DOES_NOT_SWALLOW
}

const DOES_NOT_SWALLOW = 'it does not swallow the chunk of a refused envelope (RFC 3030 2)'

/** What a server that takes it for commands answers by 500. */
const NOBODYS = 'a chunk of mailstorm that has no recipient\r\n'

/** The replies of a trial until the session ends. */
class Replies {
  readonly #wire: Transport
  #failure: SmtpFailure | undefined
  /** The server said that it ends the session. */
  goodbye: Reply | undefined

  constructor(wire: Transport) {
    this.#wire = wire
  }

  get wasSilent(): boolean {
    return this.#failure?.failure.class === 'timeout'
  }

  /** Undefined when there will be no more: after 421, or when the connection has ended. */
  async next(): Promise<Reply | undefined> {
    if (this.#failure !== undefined || this.goodbye !== undefined) return undefined
    try {
      const reply = await replyOf(this.#wire)
      if (reply.code === 421) this.goodbye = reply
      return reply
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error
      this.#failure = error
      return undefined
    }
  }
}

function envelopeOf({ sender, recipient }: TrialOptions): string {
  return `MAIL FROM:<${sender}>\r\nRCPT TO:<${recipient}>\r\n`
}

/** Without an id of the load: no ledger counts it. */
export function trialMessage({ sender, recipient }: Pick<TrialOptions, 'sender' | 'recipient'>): string {
  return [
    `From: <${sender}>`,
    `To: <${recipient}>`,
    'Subject: mailstorm trial message, sent before a load test',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <trial-${process.pid}-${Date.now()}@mailstorm.test>`,
    'X-Mailstorm-Trial: 1',
    '',
    'This message shows whether the server handles pipelining. It is not part of the load.',
    '',
  ].join('\r\n')
}
