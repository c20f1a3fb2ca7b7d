import type { LookupAddress } from 'node:dns'
import { connect, type LookupFunction, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import { type Clock, systemClock } from '../engine/clock.ts'
import { cutText } from '../text/foreign-text.ts'
import { ReplyReader } from './replies.ts'
import type { Step } from './step.ts'
import { type Ending, type Exchange, type Reply, Talk } from './talk.ts'

export interface ProbeTarget {
  readonly host: string
  readonly port: number
  /** Addresses that were checked; the name is not looked up again, so it cannot change after the check. */
  readonly addresses?: readonly LookupAddress[]
}

/** What came in response to something sent. */
interface Heard {
  readonly replies: readonly Reply[]
  readonly strays: readonly string[]
  readonly ending?: Ending
}

const CLOSE_WITHIN_MS = 250
/** Node's default of 250 ms per address is short for a busy server. */
const NEXT_ADDRESS_MS = 3_000
/** After a line that is not a reply; a real one usually follows at once. */
const AFTER_STRAY_MS = 1_000

/** Any other broken connection is called a reset. */
const ENDING_BY_ERRNO: Readonly<Record<string, Ending>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'local',
  EPERM: 'local',
  EMFILE: 'local',
  ENFILE: 'local',
  ENOBUFS: 'local',
  ENOMEM: 'local',
  EADDRNOTAVAIL: 'local',
}

/** One connection, driven octet by octet. Every wait is bounded. */
export class Conversation {
  readonly #clock: Clock
  #socket: Socket
  #reader = new ReplyReader()
  #ending: Ending | undefined
  #connected = false
  #heardAtMs = 0
  #wake: () => void = () => {}

  constructor({ host, port, addresses }: ProbeTarget, clock: Clock) {
    this.#clock = clock
    const checked =
      addresses === undefined
        ? {}
        : { lookup: lookupOf(addresses), autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS }
    this.#socket = connect({ host, port, noDelay: true, ...checked })
    this.#socket.once('connect', () => {
      this.#connected = true
    })
    this.#listen()
  }

  get ending(): Ending | undefined {
    return this.#ending
  }

  send(octets: string): void {
    if (octets !== '' && this.#ending === undefined) this.#socket.write(octets, 'latin1')
  }

  /** That many replies; fewer when the time is up, the connection ends, or the server floods us. */
  async replies(count: number, untilMs: number): Promise<Heard> {
    let limitMs = untilMs
    while (this.#reader.ready < count) {
      if (this.#ending !== undefined) return this.#heard(count, this.#ending)
      if (this.#reader.hasStrays) limitMs = Math.min(limitMs, this.#heardAtMs + AFTER_STRAY_MS)
      if (this.#clock.nowMs() >= limitMs) {
        return this.#heard(count, this.#connected ? 'time over' : 'no connection')
      }
      await this.#somethingOr(limitMs)
    }
    return this.#heard(count)
  }

  /** Whatever else has come, or comes within this time. */
  async unasked(withinMs: number): Promise<Heard> {
    const untilMs = this.#clock.nowMs() + withinMs
    while (this.#ending === undefined && this.#clock.nowMs() < untilMs) await this.#somethingOr(untilMs)
    return this.#heard(Number.POSITIVE_INFINITY)
  }

  /** Starts TLS on this connection (RFC 3207). The probe does not judge certificates. */
  async secure(untilMs: number): Promise<void> {
    const plain = this.#socket
    // TLS reports its errors; an unhandled one here would end the program.
    plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
    this.#reader = new ReplyReader()
    this.#socket = secure({ socket: plain, rejectUnauthorized: false })
    let secured = false
    this.#socket.once('secureConnect', () => {
      secured = true
      this.#wake()
    })
    this.#listen()
    while (!secured && this.#ending === undefined && this.#clock.nowMs() < untilMs) {
      await this.#somethingOr(untilMs)
    }
    if (!secured) this.#ending = 'tls failed'
  }

  /** Ends it and waits until the server has noticed: a half-closed connection would still count. */
  async close(): Promise<void> {
    const untilMs = this.#clock.nowMs() + CLOSE_WITHIN_MS
    this.#socket.end()
    while (this.#ending === undefined && this.#clock.nowMs() < untilMs) await this.#somethingOr(untilMs)
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => {
      this.#heardAtMs = this.#clock.nowMs()
      this.#reader.push(text)
      if (this.#reader.overflowed) {
        this.#socket.destroy()
        this.#end('too much')
      } else this.#wake()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(ENDING_BY_ERRNO[error.code ?? ''] ?? 'reset')
    })
    this.#socket.on('end', () => this.#end('closed'))
    this.#socket.on('close', () => this.#end('closed'))
  }

  #heard(count: number, ending?: Ending): Heard {
    const came = { replies: this.#reader.take(count), strays: this.#reader.takeStrays() }
    return ending === undefined ? came : { ...came, ending }
  }

  #end(ending: Ending): void {
    this.#ending ??= ending
    this.#wake()
  }

  #somethingOr(untilMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.wakeAt(untilMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}

function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, answer) =>
    all === true
      ? answer(null, [...addresses])
      : answer(null, addresses[0]?.address ?? '', addresses[0]?.family)
}

interface ConverseOptions {
  /** Per reply, unless the step says otherwise. */
  readonly waitMs: number
  /** For the whole conversation. */
  readonly limitMs: number
  /** How long to wait for unsolicited replies before sending anything. Default: 0. */
  readonly settleMs?: number
  readonly clock?: Clock
}

const MAX_SHOWN = 160
/** A surplus reply may come at the end of a conversation. */
const LAST_SETTLE_MS = 20
/** Per conversation: a thousand recipients are not awaited one by one. */
const MAX_SETTLES = 10

/** Plays the steps on a connection of their own; stops at the first that has no basis. */
export async function converse(
  target: ProbeTarget,
  steps: readonly Step[],
  { waitMs, limitMs, settleMs = 0, clock = systemClock }: ConverseOptions,
): Promise<Talk> {
  const conversation = new Conversation(target, clock)
  const endMs = clock.nowMs() + limitMs
  const exchanges: Exchange[] = []
  try {
    for (const step of steps) {
      if (step.when?.(new Talk(exchanges)) === false) continue
      if (!standsOn(step, exchanges.at(-1))) break
      const send = typeof step.send === 'string' ? step.send : step.send(new Talk(exchanges))
      if (send === undefined) break
      // It would otherwise be taken for the answer to what is sent next.
      if (send !== '' && exchanges.length > 0) {
        const withinMs = exchanges.length <= MAX_SETTLES ? settleMs : 0
        addUnasked(exchanges, await conversation.unasked(withinMs))
      }
      const startedMs = clock.nowMs()
      const untilMs = Math.min(endMs, startedMs + (step.withinMs ?? waitMs))
      conversation.send(send)
      const came = await conversation.replies(step.replies ?? 1, untilMs)
      const begunTls = step.thenSecure && came.replies.at(-1)?.code === 220
      // RFC 3207 6: what arrives in clear after the reply must not be mixed with what comes under TLS.
      const inTheClear = begunTls ? await conversation.unasked(0) : undefined
      if (begunTls) await conversation.secure(untilMs)
      const ending = came.ending ?? (conversation.ending === 'tls failed' ? 'tls failed' : undefined)
      exchanges.push({
        name: step.name,
        sent: step.shown ?? shownOf(send),
        replies: came.replies,
        ...(came.strays.length === 0 ? {} : { strays: came.strays }),
        ...(ending === undefined ? {} : { ending }),
        tookMs: clock.nowMs() - startedMs,
      })
      if (inTheClear !== undefined) addUnasked(exchanges, inTheClear)
      if (conversation.ending !== undefined) break
      // A late answer would be taken for the next one.
      if (ending === 'time over' && step.withinMs === undefined) break
    }
    if (exchanges.every(({ ending }) => ending === undefined)) {
      addUnasked(exchanges, await conversation.unasked(LAST_SETTLE_MS))
    }
  } finally {
    await conversation.close()
  }
  return new Talk(exchanges)
}

/** Attached to the exchange after which they came. */
function addUnasked(exchanges: Exchange[], { replies: all, strays }: Heard): void {
  // RFC 5321 3.8: a server that has to shut down may send 421 at any time.
  const replies = all.filter(({ code }) => code !== 421)
  const last = exchanges.pop()
  if (last === undefined) return
  exchanges.push({
    ...last,
    ...(replies.length === 0 ? {} : { unasked: [...(last.unasked ?? []), ...replies] }),
    ...(strays.length === 0 ? {} : { strays: [...(last.strays ?? []), ...strays] }),
  })
}

function standsOn({ after }: Step, before: Exchange | undefined): boolean {
  return after === undefined || after.test(String(before?.replies.at(-1)?.code ?? ''))
}

/** Line ends as words, so that a bare one is visible. */
function shownOf(octets: string): string {
  const shown = octets
    .replace(/\r\n$/, '')
    .replaceAll('\r\n', ' ⏎ ')
    .replaceAll('\r', '<CR>')
    .replaceAll('\n', '<LF>')
  return cutText(shown, MAX_SHOWN)
}
