import { DEFAULT_STEPS, type Script, type Stage, type Step } from '../../test/servers/script.ts'
import type { Wire } from './dialogue.ts'
import { closedFailure, failed, type SmtpFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError } from './reply.ts'
import type { Phase, TlsOptions } from './target.ts'

const CRLF_BYTES = 2

/**
 * A connection without a socket: a scripted server at its other end answers each command as it is written. What is
 * never answered has timed out.
 */
export class ScriptedWire implements Wire {
  readonly replyTimeoutMs = 1_000
  readonly addressLiteral = '[127.0.0.1]'
  encrypted = false
  failure: SmtpFailure | undefined
  /** Each write of commands or of a message. */
  readonly written: string[] = []
  readonly #script: Script
  readonly #tls: TlsOptions
  readonly #parser = new ReplyParser()
  readonly #replies: Reply[] = []
  readonly #unheard: string[] = []
  readonly #reached = new Map<Stage, number>()
  /** Replies that are to come; the greeting comes by itself. */
  #owed = 1
  #replyUnderWay = false
  #phase: Phase = 'connect'
  #hangs = false
  /** The server has said 3yz to DATA. */
  #takesContent = false
  #awaitsAnswerTo: Stage | undefined
  /** By LMTP the message is answered once for each. */
  #recipients = 0
  /** Of BDAT, with its size behind it (RFC 3030 2). */
  #chunkBytesLeft = 0

  constructor(script: Script, tls: TlsOptions) {
    this.#script = script
    this.#tls = tls
  }

  get isOpen(): boolean {
    return this.failure === undefined
  }
  get hasUnreadInput(): boolean {
    return this.#replies.length > 0 || this.#parser.midReply
  }
  nowMs(): number {
    return 0
  }
  enter(phase: Phase): void {
    this.#phase = phase
    // A server that speaks implicit TLS says nothing in the clear.
    if (phase === 'greeting' && (this.encrypted || this.#script.tls?.implicit !== true))
      this.#reach('greeting')
  }
  /** What was written reaches the server before somebody looks for its answer. */
  take(): Reply | undefined {
    if (this.#replies.length === 0) {
      for (const octets of this.#unheard.splice(0))
        for (const line of octets.split('\r\n').slice(0, -1)) this.#line(line)
    }
    return this.#replies.shift()
  }
  flush(): boolean {
    return this.#replies.length > 0 || this.failure === undefined
  }
  destroy(): void {
    this.#fail(failed('aborted', 'quit', 'destroyed'))
  }
  timeOut(): void {
    this.#fail(failed('timeout', this.#phase, 'silence'))
  }

  write(commands: string, replies: number): void {
    if (this.failure !== undefined) return
    this.#expect(replies)
    this.written.push(commands)
    this.#unheard.push(commands)
  }

  writeMessage(parts: readonly Buffer[], replies: number): void {
    this.write(Buffer.concat(parts).toString('latin1'), replies)
  }

  expectFewer(replies: number): void {
    this.#owed -= replies
  }

  secure(): void {
    const { verify, ca, serverName } = this.#tls
    const isTrusted = !verify || (ca !== undefined && serverName === undefined)
    if (this.#script.tls === undefined || !isTrusted) this.#fail(failed('tls', 'tls', 'no handshake'))
    if (this.failure !== undefined) return
    this.encrypted = true
  }

  #expect(replies: number): void {
    this.#replyUnderWay = this.#owed === 0 && this.#parser.midReply
    this.#owed += replies
  }

  #line(line: string): void {
    if (this.failure !== undefined || this.#hangs) return
    if (this.#takesContent) {
      if (line !== '.') return
      this.#takesContent = false
      this.#endOfMessage()
      return
    }
    if (this.#chunkBytesLeft > 0) {
      this.#chunkBytesLeft -= line.length + CRLF_BYTES
      if (this.#chunkBytesLeft <= 0) this.#reach('bdat')
      return
    }
    const [, chunkBytes] = /^BDAT (\d+) LAST$/.exec(line) ?? []
    if (chunkBytes !== undefined) {
      this.#chunkBytesLeft = Number(chunkBytes)
      return
    }
    const verb = line.split(' ')[0]?.toLowerCase()
    const stage = this.#awaitsAnswerTo ?? (verb === 'lhlo' ? 'ehlo' : (verb as Stage))
    this.#reach(stage)
  }

  #endOfMessage(): void {
    const times = this.#script.lmtp === true ? this.#recipients : 1
    this.#recipients = 0
    for (let time = 0; time < times && this.failure === undefined; time++) this.#reach('dot')
  }

  #reach(stage: Stage): void {
    const behaviour = this.#script[stage] ?? DEFAULT_STEPS[stage]
    const times = this.#reached.get(stage) ?? 0
    this.#reached.set(stage, times + 1)
    const steps = 'first' in behaviour ? (behaviour.first[times] ?? DEFAULT_STEPS[stage]) : behaviour
    const said = steps
      .map((step) => ('text' in step ? step.text : 'octets' in step ? step.octets : ''))
      .join()
    if (stage === 'rcpt' && said.startsWith('2')) this.#recipients++
    if (stage === 'data') this.#takesContent = said.startsWith('3')
    this.#awaitsAnswerTo = stage === 'auth' && said.startsWith('334') ? 'auth' : undefined
    for (const step of steps) this.#play(step)
  }

  #play(step: Step): void {
    if (step.do === 'say') this.#push(`${step.text}\r\n`)
    else if (step.do === 'raw' || step.do === 'drip') this.#push(step.octets)
    else if (step.do === 'close') this.#fail(closedFailure(this.#phase, this.#parser.midReply))
    else if (step.do === 'hang') this.#hangs = true
    else if (step.do === 'reset') this.#fail(failed('connection_reset', this.#phase, 'ECONNRESET'))
  }

  #push(octets: string): void {
    try {
      this.#parser.push(Buffer.from(octets, 'latin1'), octets.length, (reply) => this.#counted(reply))
    } catch (error) {
      if (!(error instanceof ReplySyntaxError)) throw error
      this.#fail(failed('protocol_error', this.#phase, error.message))
    }
  }

  #counted(reply: Reply): void {
    if (this.failure !== undefined) return
    const isAnswer = this.#owed > 0 && !this.#replyUnderWay
    if (isAnswer) this.#owed--
    if (isAnswer || reply.code >= 400) this.#replies.push(reply)
    if (!isAnswer)
      this.#fail(failed(reply.code < 400 ? 'protocol_error' : 'connection_closed', this.#phase, 'unasked'))
  }

  #fail(failure: SmtpFailure): void {
    this.failure ??= failure
  }
}
