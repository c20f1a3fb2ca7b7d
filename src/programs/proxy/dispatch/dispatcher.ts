import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../../../error.ts'
import type { OpenAttachmentsOf } from '../attachments/attachments.ts'
import type { Log } from '../log.ts'
import { Loop } from '../loop.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import { type Claimed, claimMessages, releaseClaims } from '../store/claim.ts'
import type { Database } from '../store/database.ts'
import type { Outcome } from '../store/outcomes.ts'
import { HOLD_BACK_MS, type Hold } from '../store/rate.ts'
import { attempt } from './attempt.ts'
import { InHand, LeaseKeeper, type Running } from './in-hand.ts'
import { OutcomeWriter } from './outcome-writer.ts'
import { RateLimits } from './rate-limits.ts'
import { Transports } from './smtp-pool.ts'

export interface DispatcherParts {
  readonly db: Database
  readonly config: ProxyConfig
  readonly log: Log
  readonly metrics: Metrics
  readonly openAttachments: OpenAttachmentsOf
}

/** Messages claimed but not being sent, over all accounts. */
const MOST_WAITING = 1_000
/** Share of a claim's bytes for tenants that have nothing waiting while others hold everything. */
const LEAST_SHARE = 8
/** Large messages being sent may use the bytes of this many claims; 128 MB by default. */
const CLAIMS_SENT_AT_ONCE = 16
/** Limit of an attempt, in multiples of the allowed silence: cuts off a server that sends octet by octet. */
const PATIENCE = 10

/**
 * The dispatch loop: claims what is ready, sends it, writes the outcome.
 *
 * A message is in flight until its outcome is committed. A killed process can therefore have sent at most
 * `poolSize` messages per account, `maxInFlight` in total, without a record; those are sent a second time.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #inHand: InHand
  readonly #transports: Transports
  readonly #writer: OutcomeWriter
  readonly #claiming: Loop
  readonly #leases: LeaseKeeper
  readonly #rateLimits: RateLimits
  /** Must end before this process may. */
  readonly #ends = new Set<Promise<void>>()
  /** The last claim found something, or had no room for more. */
  #mayHaveMore = false
  #stopping = false

  constructor(parts: DispatcherParts) {
    const { config, log } = parts
    this.#parts = parts
    this.#inHand = new InHand({
      perLane: config.poolSize,
      inAll: config.maxInFlight,
      largeBytes: config.claimBytes * CLAIMS_SENT_AT_ONCE,
    })
    this.#transports = new Transports(config)
    this.#writer = new OutcomeWriter({ ...parts, inFlight: () => this.#inHand.inFlight })
    this.#leases = new LeaseKeeper(parts, this.#inHand)
    this.#rateLimits = new RateLimits(parts)
    const { sendLoopIntervalMs: intervalMs } = config
    this.#claiming = new Loop({ name: 'dispatch', intervalMs, cycle: () => this.#claim(), log })
  }

  start(): void {
    this.#claiming.wake()
    this.#leases.start()
  }

  /** Call when there may be something to send. */
  wake(): void {
    this.#claiming.wake()
  }

  /** Waiting messages are released at once; those being sent have `withinMs` to end, then they are cut off. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true
    await this.#claiming.stop()
    await this.#release(this.#inHand.drop())
    const finished = Promise.all(this.#ends)
    const inTime = new AbortController()
    await Promise.race([finished, delay(withinMs, undefined, { signal: inTime.signal }).catch(ignore)])
    inTime.abort()
    for (const { abort } of this.#inHand.running) abort.abort(new Error('the proxy stops'))
    this.#writer.giveUp()
    await finished
    await this.#leases.stop()
    this.#transports.close()
  }

  async #claim(): Promise<void> {
    const { db, config, metrics } = this.#parts
    this.#transports.sweep()
    const hadWaiting = this.#inHand.waiting > 0
    const room = {
      messages: MOST_WAITING - this.#inHand.waiting,
      bytes: config.claimBytes - this.#inHand.waitingBytes,
    }
    if (room.messages <= 0) return
    const rooms = this.#inHand.roomOf(room)
    // Waiting large messages of others leave room for tenants with nothing here yet.
    const maxBytes = Math.max(room.bytes, config.claimBytes / LEAST_SHARE)
    this.#leases.claiming()
    this.#inHand.claiming()
    const claimed = await claimMessages(db, {
      claim: randomUUID(),
      leaseMs: config.leaseMs,
      batchSize: config.batchSizePerAccount,
      maxMessages: room.messages,
      maxBytes: Math.ceil(maxBytes),
      loads: this.#inHand.loads,
      rooms,
      otherRoom: { messages: Math.ceil(room.messages / 2), bytes: Math.ceil(maxBytes / 2) },
    })
    this.#mayHaveMore = claimed.length > 0 || hadWaiting
    for (const message of claimed) metrics.announce(message)
    for (const message of claimed.filter(isPoison)) this.#track(this.#record(poisonOutcome(message), message))
    const sound = claimed.filter((message) => !isPoison(message))
    const { admitted, others, heldBack } = await this.#rateLimits.admit(sound).catch(async (error) => {
      await this.#release(sound)
      throw error
    })
    for (const { message, outcome } of others) this.#track(this.#record(outcome, message))
    if (heldBack.length > 0) this.#track(this.#holdBack(heldBack))
    this.#inHand.add(admitted)
    this.#pump()
  }

  #pump(): void {
    for (let running = this.#next(); running !== undefined; running = this.#next())
      this.#track(this.#send(running))
    this.#parts.metrics.inHand(this.#inHand.inFlight, this.#inHand.waiting)
  }

  #next(): Running | undefined {
    return this.#stopping ? undefined : this.#inHand.next()
  }

  #track(work: Promise<void>): void {
    this.#ends.add(work)
    void work.finally(() => this.#ends.delete(work))
  }

  async #send({ message, abort }: Running): Promise<void> {
    const { config, metrics, log, openAttachments } = this.#parts
    const beganAtMs = performance.now()
    const tooLong = setTimeout(
      () => abort.abort(new Error('the attempt took too long')),
      config.sendTimeoutMs * PATIENCE,
    )
    const parts = {
      transports: this.#transports,
      rateLimits: this.#rateLimits,
      openAttachments,
      retryDelaysMs: config.retryDelaysMs,
      record: (progress: Outcome) => this.#writer.record(this.#withMail(progress, message)),
    }
    const outcome = await attempt(message, parts, abort.signal)
    clearTimeout(tooLong)
    metrics.attempt(outcome.kind, performance.now() - beganAtMs)
    log.debug('attempt', {
      tenant: message.tenantId,
      id: message.id,
      outcome: outcome.kind,
      why: outcome.description,
    })
    // Cut off by the end of this process, which says nothing about the message.
    const isCutOff = this.#stopping && abort.signal.aborted && outcome.kind === 'deferred'
    await (isCutOff ? this.#release([message]) : this.#record(outcome, message))
    const stillWaiting = this.#inHand.done(message)
    if (this.#mayHaveMore && stillWaiting <= config.batchSizePerAccount / 4)
      this.#claiming.wakeUnlessRunning()
    this.#pump()
  }

  async #record(outcome: Outcome, message: Claimed): Promise<void> {
    const { metrics, log } = this.#parts
    const facts = { tenant: message.tenantId, id: message.id, outcome: outcome.kind }
    try {
      const written = await this.#writer.record(this.#withMail(outcome, message))
      if (outcome.kind === 'sent') this.#inHand.sent(message)
      if (written) metrics.outcome(message, outcome)
      else log.warning('an outcome was dropped: its lease had ended', facts)
    } catch (error) {
      // It is sent again once its lease has ended.
      log.error('an outcome could not be recorded, so the message is sent again', {
        ...facts,
        error: errorText(error),
      })
    }
  }

  #withMail<H extends Hold>(hold: H, message: Claimed): H {
    return message.limited ? { ...hold, limited: true, mailed: this.#rateLimits.hasMailed(message) } : hold
  }

  /** They are claimed again, by any proxy, once the outcome of the messages before them is known. */
  async #holdBack(messages: readonly Claimed[]): Promise<void> {
    await this.#release(messages)
    if (!this.#stopping) setTimeout(() => this.wake(), HOLD_BACK_MS).unref()
  }

  /** As if this process had never claimed them. */
  async #release(messages: readonly Claimed[]): Promise<void> {
    const holds = messages.map((message) => this.#withMail(message, message))
    await releaseClaims(this.#parts.db, holds).catch((error) => {
      this.#parts.log.warning(
        'claims could not be released, so their messages wait for the end of the lease',
        { error: errorText(error) },
      )
    })
  }
}

/** Everything was sent in time, and the delay cancelled. */
function ignore(): void {}

/** A message claimed this often and never finished is what killed the processes. */
const MOST_CLAIMS = 10

function isPoison({ claims }: Claimed): boolean {
  return claims > MOST_CLAIMS
}

function poisonOutcome({ pk, claim }: Claimed): Outcome {
  const description = `given up: claimed ${MOST_CLAIMS} times without an outcome`
  return { pk, claim, kind: 'error', attempted: false, description }
}
