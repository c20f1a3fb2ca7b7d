import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { dialOptions } from '../../dial.ts'
import { errorText, MailstormError } from '../../error.ts'
import { proxyHeader } from '../../proxy-protocol.ts'
import { tlsErrorText } from '../../tls-error.ts'
import type { SmtpTarget } from '../target.ts'

export interface ReachabilityCheck {
  /** With its addresses: the name is not looked up again, so that it cannot change after the check. */
  readonly target: SmtpTarget
  readonly timeoutMs: number
}

const TLS_TRIAL_MS = 2000

/** Resolves once the target has greeted with 220 and knows our hello; otherwise says what is there instead. */
export async function checkReachable(check: ReachabilityCheck): Promise<void> {
  const { target, timeoutMs } = check
  const seen = await probe(check)
  if (seen.kind === 'said-hello') return
  const { host, port, path } = target
  const place = path ?? `${host.includes(':') ? `[${host}]` : host}:${port}`
  const waitsForTls = seen.kind === 'no-greeting' && (await speaksTls(check))
  const [why, hint] = waitsForTls ? TLS_EXPECTED : wordsFor(seen, timeoutMs / 1000)
  throw new MailstormError('UNREACHABLE', `Failed to reach ${place}: ${why}`, hint)
}

/** A server with TLS from the start is silent until the client's hello (RFC 8314 3.3). */
async function speaksTls({ target }: ReachabilityCheck): Promise<boolean> {
  if (target.tls.mode === 'implicit') return false
  const secure = { ...target, tls: { mode: 'implicit', verify: false } } as const
  const seen = await probe({ target: secure, timeoutMs: TLS_TRIAL_MS })
  return seen.kind === 'said-hello'
}

type Words = readonly [why: string, hint: string]

const TLS_EXPECTED: Words = [
  'it speaks TLS from the start.',
  'Set STRESS_TLS=implicit, or use its plaintext port.',
]

function wordsFor(seen: Probe, seconds: number): Words {
  switch (seen.kind) {
    case 'refused-connection':
      return [
        'the connection was refused; nothing listens on that port now.',
        "Start the server, or correct the port. Some servers close their listening socket under load (sendmail's RefuseLA).",
      ]
    case 'no-connection':
      return [`no connection within ${seconds} s.`, 'Correct the address, or open the port in the firewall.']
    case 'no-greeting':
      return [
        `it accepted the connection but sent no greeting within ${seconds} s.`,
        'Check whether the server is overloaded.',
      ]
    case 'half-greeting':
      return [
        `its greeting did not end within ${seconds} s; it began "${seen.received}".`,
        "Check the server's log.",
      ]
    case 'closed':
      return ['it closed the connection without a greeting.', "Check the server's log."]
    case 'error':
      return errorWords(seen)
    case 'greeted':
      return greetingWords(seen)
    case 'speaks-smtp':
      return [
        `it speaks SMTP, not LMTP: it answers LHLO by "${seen.line}".`,
        'Give it as smtp://host:port or host:port.',
      ]
    case 'speaks-lmtp':
      return [
        `it speaks LMTP, not SMTP: it answers EHLO by "${seen.line}", and takes LHLO.`,
        'Give it as lmtp://host:port.',
      ]
    case 'no-proxy':
      return [
        `it answers the PROXY header by "${seen.line}".`,
        'Tell it to expect the PROXY protocol (Postfix: smtpd_upstream_proxy_protocol=haproxy), or unset STRESS_PROXY_PROTOCOL.',
      ]
    case 'no-xclient':
      return [
        'it does not offer XCLIENT to this client.',
        'Name its address in smtpd_authorized_xclient_hosts of Postfix, or unset STRESS_XCLIENT.',
      ]
    case 'said-hello':
      throw new Error('a server that is ready has no problem to report')
    default:
      return seen satisfies never
  }
}

function errorWords({ code, text, secure }: Extract<Probe, { kind: 'error' }>): Words {
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return [`there is no route to it (${code}).`, 'Correct the address, or the network.']
  }
  if (secure && code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return ['it does not speak TLS from the start.', 'Set STRESS_TLS=starttls or STRESS_TLS=none.']
  }
  if (secure) {
    return [`TLS failed: ${text} (${code}).`, 'For a certificate of your own, set STRESS_TLS_VERIFY=0.']
  }
  return [`${text} (${code}).`, 'Check whether this machine can connect to it at all.']
}

function greetingWords({ greeting }: Extract<Probe, { kind: 'greeted' }>): Words {
  switch (greeting.kind) {
    case 'refused':
      // RFC 5321 3.1: 554 in place of 220 means that there is no mail service here.
      return [
        `it greets with "${greeting.line}", not with 220.`,
        'Find out why the server accepts no sessions.',
      ]
    case 'http':
      return ['an HTTP server answers there, not an SMTP server.', 'Correct the port.']
    case 'too-long':
      return [
        `its greeting has ${greeting.what}; it begins "${greeting.line}".`,
        'Shorten it: RFC 5321 4.5.3.1.5 allows lines of 512 octets.',
      ]
    case 'not-smtp':
      return [`it is not an SMTP server; it says "${greeting.line}".`, 'Correct the port.']
    default:
      return greeting satisfies never
  }
}

/** How far one connection came. */
type Probe =
  | { readonly kind: 'refused-connection' | 'no-connection' | 'no-greeting' | 'closed' }
  | { readonly kind: 'half-greeting'; readonly received: string }
  | { readonly kind: 'error'; readonly code: string; readonly text: string; readonly secure: boolean }
  | { readonly kind: 'greeted'; readonly greeting: Exclude<Greeting, { kind: 'unfinished' | 'ready' }> }
  /** It greeted, and took our hello or did not answer it at once. */
  | { readonly kind: 'said-hello' | 'no-xclient' }
  | { readonly kind: 'speaks-smtp' | 'speaks-lmtp' | 'no-proxy'; readonly line: string }

export interface ProbeOptions {
  readonly target: SmtpTarget
  readonly timeoutMs: number
}

/** How long a server may take to say goodbye, or to show what it is when it does not greet. */
const LAST_WORD_MS = 1000

/** How long a server may take to answer a hello. One that is slower shows in the load what it is. */
const HELLO_MS = 1000

/** Connects, waits for the greeting, says hello and leaves with QUIT. A client of its own: it shares no code with that of the load. */
function probe(options: ProbeOptions): Promise<Probe> {
  return new Conversation(options).result.promise
}

class Conversation {
  readonly result = Promise.withResolvers<Probe>()
  readonly #target: SmtpTarget
  readonly #socket: Socket
  #timer: NodeJS.Timeout
  #received = Buffer.alloc(0)
  #connected = false
  #saidQuit = false
  /** The hello that is to be answered next. */
  #hello: 'EHLO' | 'LHLO' | undefined
  /** What it says to the first. */
  #refusal = ''
  #ended = false

  constructor(options: ProbeOptions) {
    this.#target = options.target
    this.#socket = open(options)
    this.#timer = setTimeout(() => this.#outOfTime(), options.timeoutMs)
    const ready = options.target.tls.mode === 'implicit' ? 'secureConnect' : 'connect'
    this.#socket.on(ready, () => {
      this.#connected = true
    })
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(failed(error, options)))
    this.#socket.on('close', () => this.#end({ kind: 'closed' }))
  }

  #outOfTime(): void {
    if (!this.#connected) this.#end({ kind: 'no-connection' })
    else if (this.#received.length > 0) this.#end({ kind: 'half-greeting', received: this.#soFar() })
    else this.#askWhatItIs()
  }

  /** RFC 5321 4.3.1 has the client wait for the greeting; after the time limit a word shows what is there. */
  #askWhatItIs(): void {
    this.#sayQuit()
    this.#timer = setTimeout(() => this.#end({ kind: 'no-greeting' }), LAST_WORD_MS)
  }

  #hear(chunk: Buffer): void {
    if (this.#ended) return
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#hello !== undefined) {
      this.#hearAnswer(this.#hello)
      return
    }
    const greeting = greetingIn(this.#received)
    if (greeting.kind === 'unfinished') return
    // After QUIT it has been silent for too long, whatever it says now.
    if (greeting.kind !== 'ready') this.#end({ kind: 'greeted', greeting })
    else if (this.#saidQuit) this.#end({ kind: 'no-greeting' })
    else if (this.#refusesProxy(/\n(5\d\d[ -][^\n]*)/)) return
    else this.#sayHello(this.#target.protocol === 'lmtp' ? 'LHLO' : 'EHLO')
  }

  #sayHello(hello: 'EHLO' | 'LHLO'): void {
    this.#hello = hello
    this.#received = Buffer.alloc(0)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end({ kind: 'said-hello' }), HELLO_MS)
    const { localAddress = '127.0.0.1', localFamily } = this.#socket
    const literal = localFamily === 'IPv6' ? `[IPv6:${localAddress}]` : `[${localAddress}]`
    this.#socket.write(`${hello} ${this.#target.ehloName ?? literal}\r\n`)
  }

  /** RFC 2033 4.1: LMTP has LHLO in place of EHLO, and SMTP knows only EHLO: the other is refused by 5yz. */
  #hearAnswer(hello: 'EHLO' | 'LHLO'): void {
    const [, line = ''] =
      /^(?:\d{3}-[^\n]*\n)*(\d{3}(?: [^\n]*)?)\r?\n/.exec(this.#received.toString('latin1')) ?? []
    if (line === '' && this.#received.length < LONGEST_LINE_BYTES * 2) return
    const first = this.#target.protocol === 'lmtp' ? 'LHLO' : 'EHLO'
    if (this.#refusesProxy(/^(5\d\d[ -][^\n]*)/)) return
    const isKnown = line.startsWith('2')
    if (hello !== first) this.#end(isKnown ? this.#otherProtocol(first) : { kind: 'said-hello' })
    else if (isKnown && this.#lacksXclient()) this.#end({ kind: 'no-xclient' })
    else if (line.startsWith('50') || line.startsWith('55')) {
      this.#refusal = printable(line)
      this.#sayHello(first === 'LHLO' ? 'EHLO' : 'LHLO')
    } else this.#end({ kind: 'said-hello' })
  }

  /** A server that does not expect the PROXY protocol takes the header for commands that it does not know. */
  #refusesProxy(answer: RegExp): boolean {
    const line = this.#target.proxy && answer.exec(this.#received.toString('latin1'))?.[1]
    if (line === undefined) return false
    this.#end({ kind: 'no-proxy', line: printable(line) })
    return true
  }

  /** Offered to those alone that may use it. */
  #lacksXclient(): boolean {
    return (
      this.#target.xclient !== undefined && !/^250[ -]XCLIENT\b/im.test(this.#received.toString('latin1'))
    )
  }

  #otherProtocol(asked: 'EHLO' | 'LHLO'): Probe {
    return { kind: asked === 'LHLO' ? 'speaks-smtp' : 'speaks-lmtp', line: this.#refusal }
  }

  #soFar(): string {
    return printable(this.#received.toString('latin1'))
  }

  #end(seen: Probe): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    // What goes wrong once it has greeted is for the load to tell.
    if (this.#hello !== undefined && 'kind' in seen && LATE.has(seen.kind))
      this.result.resolve({ kind: 'said-hello' })
    else this.result.resolve(this.#saidQuit && !showsWhatItIs(seen) ? { kind: 'no-greeting' } : seen)
    this.#leave()
  }

  #sayQuit(): void {
    if (!this.#saidQuit) this.#socket.write('QUIT\r\n')
    this.#saidQuit = true
  }

  /** RFC 5321 4.1.1.10: the server answers QUIT with 221 and closes. */
  #leave(): void {
    if (!this.#connected || !this.#socket.writable) {
      this.#socket.destroy()
      return
    }
    this.#sayQuit()
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), LAST_WORD_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }
}

const LATE: ReadonlySet<Probe['kind']> = new Set(['closed', 'error', 'refused-connection', 'no-connection'])

/** After the time limit only what is not SMTP tells more than the missing greeting does. */
function showsWhatItIs(seen: Probe): boolean {
  return seen.kind === 'greeted' && (seen.greeting.kind === 'http' || seen.greeting.kind === 'not-smtp')
}

function open({ target, timeoutMs }: ProbeOptions): Socket {
  const { host, tls, proxy } = target
  const place = dialOptions(target, timeoutMs)
  const name = tls.serverName ?? target.exchangers?.[target.addresses?.[0] ?? ''] ?? host
  const { ca, minVersion, cert, key } = tls
  const secure = {
    // As the load does: the name goes along, for SNI and for the certificate; an address gets no SNI (RFC 6066 3).
    ...(isIP(name) ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(cert === undefined ? {} : { cert, key }),
    rejectUnauthorized: tls.verify,
  }
  if (tls.mode === 'implicit' && proxy === undefined) return connectTls({ ...place, ...secure })
  const socket = connect(place)
  // The first octets of the connection, in front of TLS.
  if (proxy !== undefined) socket.on('connect', () => socket.write(proxyHeader(proxy, socket, 0)))
  if (tls.mode !== 'implicit') return socket
  const secured = connectTls({ socket, ...secure })
  socket.on('error', (error) => secured.destroy(error))
  return secured
}

function failed(error: NodeJS.ErrnoException, { target }: ProbeOptions): Probe {
  if (error.code === 'ECONNREFUSED') return { kind: 'refused-connection' }
  if (error.code === 'ETIMEDOUT') return { kind: 'no-connection' }
  if (error.code === 'ECONNRESET') return { kind: 'closed' }
  const secure = target.tls.mode === 'implicit'
  const text = printable(secure ? tlsErrorText(error) : errorText(error))
  return { kind: 'error', code: error.code ?? error.name, text, secure }
}

/** What a server has said so far, as far as a greeting is concerned. */
type Greeting =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly line: string }
  | { readonly kind: 'http' }
  | { readonly kind: 'not-smtp'; readonly line: string }
  /** It is one of SMTP, and longer than the load would take it. */
  | { readonly kind: 'too-long'; readonly what: string; readonly line: string }

/** As long as the client takes a reply line, and so many lines of it: RFC 5321 4.5.3.1.5 has 512 octets. */
const LONGEST_LINE_BYTES = 8_192
const MOST_LINES = 512

/** RFC 5321 4.2: `code SP text CRLF` ends a reply, `code - text CRLF` has more lines to come. */
export function greetingIn(received: Buffer): Greeting {
  const text = received.toString('latin1')
  // Without a version in the request an answer is the page alone, as in HTTP/0.9 (RFC 9112 appendix C.1).
  if (/^(HTTP\/|<!doctype html|<html)/i.test(text)) return { kind: 'http' }
  const lines = text.split('\n')
  const unfinished = lines.pop() ?? ''
  for (const [index, line] of lines.entries()) {
    const [, code, separator] = REPLY_LINE.exec(line) ?? []
    if (code === undefined) return { kind: 'not-smtp', line: printable(line) }
    if (line.length >= LONGEST_LINE_BYTES)
      return tooLong(`a line of more than ${LONGEST_LINE_BYTES} octets`, line)
    if (index >= MOST_LINES) return tooLong(`more than ${MOST_LINES} lines`, line)
    if (separator === '-') continue
    return code === '220' ? { kind: 'ready' } : { kind: 'refused', line: printable(line) }
  }
  // What has come of the next line: a greeting may come in any number of packets.
  if (unfinished.length < LONGEST_LINE_BYTES) return { kind: 'unfinished' }
  return REPLY_LINE.test(unfinished)
    ? tooLong(`a line of more than ${LONGEST_LINE_BYTES} octets`, unfinished)
    : { kind: 'not-smtp', line: printable(unfinished) }
}

const REPLY_LINE = /^([2-5]\d\d)(?:([ -])|\r?$)/

function tooLong(what: string, line: string): Greeting {
  return { kind: 'too-long', what, line: printable(line) }
}

const SHOWN_CHARACTERS = 100

/** A foreign server's words, made safe for a terminal. */
function printable(line: string): string {
  return line
    .trim()
    .slice(0, SHOWN_CHARACTERS)
    .replaceAll(/[^\x20-\x7e]/g, '?')
}
