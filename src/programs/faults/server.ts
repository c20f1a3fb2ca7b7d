import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../engine/clock.ts'
import type { LedgerEntry } from '../../ledger/ledger.ts'
import { LOOPBACK, listening } from '../../listening.ts'
import { Ledger } from '../smtp-server/ledger.ts'
import { checkServerPlan, type FaultServerPlan, type GreylistPlan, STAGES, type Stage } from './plans.ts'
import { FaultSession, type Known } from './session.ts'

export interface ServerCounts {
  readonly connections: number
  readonly accepted: number
  /** Refusing replies, by stage. */
  readonly refused: Readonly<Record<Stage, number>>
}

/** Absorbs short unevenness without changing the rate that a one-second run measures. */
const BURST_SECONDS = 0.1

/** An SMTP server that misbehaves as planned, and keeps a ledger like all of our servers. */
export class FaultServer implements AsyncDisposable {
  readonly host = LOOPBACK
  readonly #plan: FaultServerPlan
  readonly #clock: Clock
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #ledger: Ledger
  readonly #folder: string
  readonly #bucket: TokenBucket | undefined
  readonly #greylist: Greylist | undefined
  readonly #refused = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>
  #connections = 0
  #accepted = 0
  /** Replies at the stage that refuses some. */
  #reached = 0
  #messagesByBdat = 0

  static async start(plan: FaultServerPlan, clock: Clock = systemClock): Promise<FaultServer> {
    checkServerPlan(plan)
    const folder = mkdtempSync(join(tmpdir(), 'mailstorm-fault-server-'))
    const ledger = await Ledger.open(join(folder, 'ledger.ndjson'))
    const server = new FaultServer(plan, { clock, ledger, folder })
    try {
      await listening(server.#server, { host: LOOPBACK, port: plan.port ?? 0 }, 'for a fault server')
    } catch (error) {
      server.#removeLedger()
      throw error
    }
    return server
  }

  private constructor(
    plan: FaultServerPlan,
    { clock, ledger, folder }: { clock: Clock; ledger: Ledger; folder: string },
  ) {
    this.#plan = plan
    this.#clock = clock
    this.#ledger = ledger
    this.#folder = folder
    const { rate, greylist } = plan
    if (rate !== undefined) {
      const burst = rate.burst ?? Math.max(1, rate.perSecond * BURST_SECONDS)
      this.#bucket = new TokenBucket({ perSecond: rate.perSecond, burst }, clock.nowMs())
    }
    if (greylist !== undefined) this.#greylist = new Greylist(greylist)
    this.#server = createServer({ noDelay: true }, (socket) => this.#connected(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get ledgerFile(): string {
    return this.#ledger.path
  }

  counts(): ServerCounts {
    return { connections: this.#connections, accepted: this.#accepted, refused: { ...this.#refused } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
    this.#removeLedger()
  }

  #removeLedger(): void {
    this.#ledger.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #connected(socket: Socket): void {
    this.#connections++
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      // Writes nothing: only a new peak is written.
      this.#ledger.connections(this.#sockets.size)
    })
    try {
      this.#ledger.connections(this.#sockets.size)
    } catch {
      // As our SMTP server does (RFC 5321 3.8): a full disk must not end the thread.
      socket.on('error', () => {})
      socket.end('421 4.3.1 the ledger cannot be written\r\n')
      return
    }
    new FaultSession(socket, {
      refusal: (stage, known) => this.#refusal(stage, known),
      chunking: this.#plan.chunking,
      stalls: () => this.#stalls(),
      patience: (stage) => this.#patience(stage),
      store: (entry) => this.#store(entry),
    })
  }

  /** Codes and texts: RFC 5321 4.2.3, RFC 3463 3.8 (security or policy), RFC 6647 4.1. */
  #refusal(stage: Stage, known: Known): string | undefined {
    const nowMs = this.#clock.nowMs()
    const { rate, refuse } = this.#plan
    if (this.#greylist?.refuses(stage, known, nowMs)) {
      return this.#counted(stage, `${stage === 'greeting' ? 421 : 451} 4.7.1 greylisted, come back later`)
    }
    if (refuse?.stage === stage && ++this.#reached % refuse.every === 0) {
      const { code } = refuse
      return this.#counted(stage, `${code} ${code < 500 ? '4.3.0 not' : '5.7.1 never'} this one`)
    }
    if (rate === undefined || stage !== (rate.stage ?? 'mail') || this.#bucket?.take(nowMs) !== false) {
      return undefined
    }
    return this.#counted(stage, `${rate.code ?? 451} 4.7.0 more than ${rate.perSecond} a second`)
  }

  #counted(stage: Stage, reply: string): string {
    this.#refused[stage]++
    return reply
  }

  #stalls(): boolean {
    const every = this.#plan.chunking?.stallEvery
    return every !== undefined && ++this.#messagesByBdat % every === 0
  }

  async #patience(stage: Stage): Promise<void> {
    const ms = this.#plan.tarpit?.[stage] ?? 0
    if (ms > 0) await new Promise<void>((resolve) => this.#clock.wakeAt(this.#clock.nowMs() + ms, resolve))
  }

  async #store(entry: LedgerEntry): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#ledger.record(entry, (error) => (error === undefined ? resolve() : reject(error)))
    })
    this.#accepted++
  }
}

/** RFC 6647 2.1 to 2.5: by address, then also by EHLO name, sender and recipient. */
const IDENTITY: Readonly<Record<Stage, (known: Known) => readonly string[]>> = {
  greeting: ({ address }) => [address],
  ehlo: ({ address, helo }) => [address, helo],
  mail: ({ address, sender }) => [address, sender],
  rcpt: ({ address, sender, recipient }) => [address, sender, recipient],
  data: ({ address, sender, recipient }) => [address, sender, recipient],
  dot: ({ address, sender, recipient }) => [address, sender, recipient],
}

/** Remembers when it first saw each client. Pure: the caller passes the time. */
class Greylist {
  readonly #plan: GreylistPlan
  readonly #firstSeenMs = new Map<string, number>()

  constructor(plan: GreylistPlan) {
    this.#plan = plan
  }

  refuses(stage: Stage, known: Known, nowMs: number): boolean {
    if (stage !== this.#plan.stage) return false
    const key = JSON.stringify(IDENTITY[stage](known))
    const firstSeenMs = this.#firstSeenMs.get(key) ?? nowMs
    this.#firstSeenMs.set(key, firstSeenMs)
    return nowMs - firstSeenMs < this.#plan.forMs
  }
}

interface TokenBucketOptions {
  readonly perSecond: number
  /** Tokens that can be saved up; the bucket starts full. */
  readonly burst: number
}

/** A token every `1 / perSecond` seconds, at most `burst` saved up. Pure: the caller passes the time. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #filledAtMs: number

  constructor(options: TokenBucketOptions, nowMs: number) {
    this.#options = options
    this.#tokens = options.burst
    this.#filledAtMs = nowMs
  }

  /** Takes a token; false when there is none. */
  take(nowMs: number): boolean {
    const { perSecond, burst } = this.#options
    const earned = ((nowMs - this.#filledAtMs) / 1000) * perSecond
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, earned))
    this.#filledAtMs = Math.max(this.#filledAtMs, nowMs)
    // Rounding: ten times 0.1 is slightly less than 1.
    if (this.#tokens < 1 - 1e-9) return false
    this.#tokens -= 1
    return true
  }
}
