import type { Jim } from '../jim.ts'
import type { HopSwitch } from './hop.ts'

/** State of the dialogue: before EHLO, between messages, in an envelope, in DATA, in a chunk, between chunks, after QUIT. */
export type Stage = 'greeted' | 'ready' | 'envelope' | 'data' | 'chunk' | 'between-chunks' | 'done'

/** A chunk of a message (RFC 3030 2), as its BDAT announced it. */
export interface Chunk {
  readonly bytes: number
  readonly isLast: boolean
  /** Reply to a chunk that is read to its end and thrown away (RFC 3030 2). */
  readonly refusal?: string
}

const UNRECOGNISED = '500 Unrecognised command\r\n'
// MailHog's own patterns: the first <…> after the keyword, whatever surrounds it. A null reverse-path (RFC 5321
// 4.5.5) does not match and is refused, as MailHog does.
const MAIL = /from:\s*<([^>]+)>/i
const RCPT = /to:\s*<([^>]+)>/i
/** RFC 5321 4.5.5: bounces have a null reverse-path. */
const MAIL_OR_BOUNCE = /from:\s*<([^>]*)>/i
/** RFC 3030 2: `1000` or `1000 LAST`. */
const BDAT = /^(\d{1,15})( +LAST)?\s*$/i

/** How a dialogue differs from MailHog's. */
export interface DialogueOptions {
  /** Offer CHUNKING (RFC 3030). */
  readonly chunking: boolean
  /** Speak LMTP (RFC 2033) instead of SMTP. */
  readonly lmtp: boolean
  /** Take what a relay sends on: bounces, and 8-bit mail as it is. */
  readonly nextHop: boolean
  /** What a next hop does on purpose. */
  readonly hop: Pick<HopSwitch, 'refusal'>
}

/**
 * MailHog's side of an SMTP dialogue: command line in, reply out, word for word. Strings have one character per
 * byte. Knows neither sockets nor content.
 */
export class Dialogue {
  readonly #jim: Jim | undefined
  readonly #options: DialogueOptions
  #stage: Stage = 'greeted'
  /** The chunk whose octets come next, at stage `chunk`. */
  #chunk: Chunk | undefined
  #stageBefore: Stage = 'ready'
  #exchange: AuthExchange | undefined
  #helo = ''
  #from = ''
  #to: string[] = []

  constructor(jim: Jim | undefined, options: DialogueOptions) {
    this.#jim = jim
    this.#options = options
  }

  get stage(): Stage {
    return this.#stage
  }

  /** The chunk whose octets come next. */
  get chunk(): Chunk | undefined {
    return this.#chunk
  }

  /** Reply to a command; none to BDAT, whose chunk is answered. */
  command(line: string): string | undefined {
    const reply = this.#answer(line)
    return this.#options.lmtp && reply !== undefined ? withStatus(reply) : reply
  }

  #answer(line: string): string | undefined {
    const space = line.indexOf(' ')
    const verb = (space === -1 ? line : line.slice(0, space)).toUpperCase()
    const args = space === -1 ? '' : line.slice(space + 1)
    switch (verb) {
      case 'RSET':
        this.#exchange = undefined
        this.#reset('ready')
        return '250 Ok\r\n'
      case 'NOOP':
        return '250 Ok\r\n'
      case 'QUIT':
        this.#stage = 'done'
        return '221 Bye\r\n'
    }
    if (this.#exchange !== undefined) return this.#auth(continueAuth(this.#exchange, line, this.#jim))
    // RFC 2033 4.1: LHLO takes the place of EHLO and HELO, which are then not known.
    const hellos = this.#options.lmtp ? ['LHLO'] : ['EHLO', 'HELO']
    if (hellos.includes(verb)) return this.#hello(verb, args)
    if (verb === 'BDAT' && this.#options.chunking) return this.#bdat(args)
    if (this.#stage === 'ready') return this.#whenReady(verb, args)
    return this.#stage === 'envelope' ? this.#inEnvelope(verb, args) : UNRECOGNISED
  }

  /** RFC 3030 2: a chunk that is refused is sent all the same, and must not be taken for commands. */
  #bdat(args: string): string | undefined {
    const [, size, last] = BDAT.exec(args) ?? []
    if (size === undefined) {
      // Where the chunk ends is unknown.
      this.#stage = 'done'
      return '501 Invalid syntax in BDAT command\r\n'
    }
    const isRefused =
      this.#stage !== 'between-chunks' && (this.#stage !== 'envelope' || this.#to.length === 0)
    this.#chunk = {
      bytes: Number(size),
      isLast: last !== undefined,
      ...(isRefused ? { refusal: '503 Valid RCPT command must precede BDAT\r\n' } : {}),
    }
    this.#stageBefore = this.#stage
    this.#stage = 'chunk'
    return undefined
  }

  /** After a chunk that is not the last of its message, or that was refused. */
  endOfChunk(): void {
    this.#stage = this.#chunk?.refusal === undefined ? 'between-chunks' : this.#stageBefore
    this.#chunk = undefined
  }

  /** The envelope of the content just received; starts the next message. */
  endOfData(): { readonly from: string; readonly to: readonly string[]; readonly helo: string } {
    const envelope = { from: this.#from, to: this.#to, helo: this.#helo }
    this.#reset('ready')
    return envelope
  }

  #whenReady(verb: string, args: string): string {
    if (verb === 'AUTH') return this.#auth(beginAuth(args, this.#jim))
    if (verb !== 'MAIL') return UNRECOGNISED
    const from = (this.#options.lmtp || this.#options.nextHop ? MAIL_OR_BOUNCE : MAIL).exec(args)?.[1]
    if (from === undefined) return '550 Invalid syntax in MAIL command\r\n'
    if (this.#jim?.rejectsSender()) return `550 Invalid sender ${from}\r\n`
    this.#from = from
    this.#stage = 'envelope'
    return `250 Sender ${from} ok\r\n`
  }

  #inEnvelope(verb: string, args: string): string {
    if (verb === 'DATA') {
      // RFC 2033 4.2: there would be nobody to answer for. RFC 2920 3.1: a relay that sent DATA behind them goes on.
      const isForSomebody = this.#to.length > 0 || !(this.#options.lmtp || this.#options.nextHop)
      if (!isForSomebody) return '503 No valid recipients\r\n'
      this.#stage = 'data'
      return '354 End data with <CR><LF>.<CR><LF>\r\n'
    }
    if (verb !== 'RCPT') return UNRECOGNISED
    const to = RCPT.exec(args)?.[1]
    if (to === undefined) return '550 Invalid syntax in RCPT command\r\n'
    if (this.#options.hop.refusal !== undefined) return this.#options.hop.refusal
    if (this.#jim?.rejectsRecipient()) return `550 Invalid recipient ${to}\r\n`
    this.#to.push(to)
    return `250 Recipient ${to} ok\r\n`
  }

  /** RFC 5321 4.1.4: a second EHLO resets the session. (MailHog would keep the recipients.) */
  #hello(verb: string, name: string): string {
    this.#reset('ready')
    this.#helo = name
    if (verb === 'HELO') return `250 Hello ${name}\r\n`
    const chunking = this.#options.chunking ? '250-CHUNKING\r\n' : ''
    // RFC 2033 5 asks for the first two.
    const lmtp = verb === 'LHLO' ? '250-ENHANCEDSTATUSCODES\r\n' : ''
    const eightBit = verb === 'LHLO' || this.#options.nextHop ? '250-8BITMIME\r\n' : ''
    const own = lmtp + eightBit + (this.#options.nextHop ? '250-SMTPUTF8\r\n' : '')
    return `250-Hello ${name}\r\n250-PIPELINING\r\n${own}${chunking}250 AUTH PLAIN\r\n`
  }

  #auth({ reply, next }: AuthStep): string {
    this.#exchange = next
    return reply
  }

  /** MailHog forgets the client's name after a message, so only the first one of a session has it. */
  #reset(stage: Stage): void {
    this.#stage = stage
    this.#chunk = undefined
    this.#helo = ''
    this.#from = ''
    this.#to = []
  }
}

/** RFC 2034 4: an enhanced status code behind that of each reply of one line, but for 3yz. */
function withStatus(reply: string): string {
  return reply.replace(/^([245])\d\d (?!\d\.)/, '$&$1.0.0 ')
}

/** Reply to AUTH, and the kind of line expected next if the exchange continues. */
interface AuthStep {
  readonly reply: string
  readonly next?: AuthExchange
}
type AuthExchange = 'plain' | 'login-user' | 'login-password' | 'cram-md5'

const OK = '235 Authentication successful\r\n'
const MALFORMED = '550 Badly formed parameter\r\n'
const UNSUPPORTED = '504 Unsupported authentication mechanism\r\n'
const REJECTED_BY_JIM = '500 Unrecognised command\r\n'
// MailHog always sends the challenge from the example in RFC 2195.
const CRAM_MD5_CHALLENGE = 'PDQxOTI5NDIzNDEuMTI4Mjg0NzJAc291cmNlZm91ci5hbmRyZXcuY211LmVkdT4='

/** RFC 4954. Any user and password is accepted; mechanisms are case-sensitive, as in MailHog. */
function beginAuth(args: string, jim: Jim | undefined): AuthStep {
  if (args.startsWith('PLAIN ')) return { reply: plain(args.slice('PLAIN '.length), jim) }
  if (args.startsWith('EXTERNAL ')) return { reply: verdict(jim) }
  switch (args) {
    case 'PLAIN':
      return { reply: '334 \r\n', next: 'plain' }
    case 'LOGIN':
      return { reply: '334 VXNlcm5hbWU6\r\n', next: 'login-user' }
    case 'CRAM-MD5':
      return { reply: `334 ${CRAM_MD5_CHALLENGE}\r\n`, next: 'cram-md5' }
    default:
      return { reply: UNSUPPORTED }
  }
}

function continueAuth(exchange: AuthExchange, line: string, jim: Jim | undefined): AuthStep {
  switch (exchange) {
    case 'plain':
      return { reply: plain(line, jim) }
    case 'login-user':
      return { reply: '334 UGFzc3dvcmQ6\r\n', next: 'login-password' }
    case 'login-password':
    case 'cram-md5':
      return { reply: verdict(jim) }
    default:
      return exchange satisfies never
  }
}

/** RFC 4616: authorisation id, user and password, separated by NUL. */
function plain(base64: string, jim: Jim | undefined): string {
  const fields = Buffer.from(base64, 'base64').toString('latin1').split('\0')
  return fields.length < 3 ? MALFORMED : verdict(jim)
}

function verdict(jim: Jim | undefined): string {
  return jim?.rejectsAuth() ? REJECTED_BY_JIM : OK
}
