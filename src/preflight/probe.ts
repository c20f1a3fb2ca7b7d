import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { dialOptions } from '../dial.ts'
import { errorText } from '../error.ts'
import type { SmtpTarget } from '../smtp/target.ts'
import { tlsErrorText } from '../tls-error.ts'
import { type Greeting, greetingIn, printable } from './greeting.ts'

/** How far one connection came. */
export type Probe =
  | { readonly kind: 'refused-connection' | 'no-connection' | 'no-greeting' | 'closed' }
  | { readonly kind: 'half-greeting'; readonly received: string }
  | { readonly kind: 'error'; readonly code: string; readonly text: string; readonly secure: boolean }
  | { readonly kind: 'greeted'; readonly greeting: Exclude<Greeting, { kind: 'unfinished' }> }

export interface ProbeOptions {
  readonly target: SmtpTarget
  readonly timeoutMs: number
}

/** How long a server may take to say goodbye, or to show what it is when it does not greet. */
const LAST_WORD_MS = 1000

/** Connects, waits for the greeting and leaves with QUIT. Its own client: it shares no code with src/smtp. */
export function probe(options: ProbeOptions): Promise<Probe> {
  return new Conversation(options).result.promise
}

class Conversation {
  readonly result = Promise.withResolvers<Probe>()
  readonly #socket: Socket
  #timer: NodeJS.Timeout
  #received = Buffer.alloc(0)
  #connected = false
  #saidQuit = false
  #ended = false

  constructor(options: ProbeOptions) {
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
    const greeting = greetingIn(this.#received)
    if (greeting.kind !== 'unfinished') this.#end({ kind: 'greeted', greeting })
  }

  #soFar(): string {
    return printable(this.#received.toString('latin1'))
  }

  #end(seen: Probe): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.result.resolve(this.#saidQuit && !showsWhatItIs(seen) ? { kind: 'no-greeting' } : seen)
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

/** After the time limit only what is not SMTP tells more than the missing greeting does. */
function showsWhatItIs(seen: Probe): boolean {
  return seen.kind === 'greeted' && (seen.greeting.kind === 'http' || seen.greeting.kind === 'not-smtp')
}

function open({ target, timeoutMs }: ProbeOptions): Socket {
  const { host, tls } = target
  const place = dialOptions(target, timeoutMs)
  if (tls.mode !== 'implicit') return connect(place)
  const name = tls.serverName ?? host
  // As the load does: the name goes along, for SNI and for the certificate; an address gets no SNI (RFC 6066 3).
  const naming = isIP(name) ? {} : { servername: name }
  const ca = tls.ca === undefined ? {} : { ca: tls.ca }
  return connectTls({ ...place, ...naming, ...ca, rejectUnauthorized: tls.verify })
}

function failed(error: NodeJS.ErrnoException, { target }: ProbeOptions): Probe {
  if (error.code === 'ECONNREFUSED') return { kind: 'refused-connection' }
  if (error.code === 'ETIMEDOUT') return { kind: 'no-connection' }
  if (error.code === 'ECONNRESET') return { kind: 'closed' }
  const secure = target.tls.mode === 'implicit'
  const text = printable(secure ? tlsErrorText(error) : errorText(error))
  return { kind: 'error', code: error.code ?? error.name, text, secure }
}
