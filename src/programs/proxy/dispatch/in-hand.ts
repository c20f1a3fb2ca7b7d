import { errorText } from '../../../error.ts'
import type { Log } from '../log.ts'
import { Loop } from '../loop.ts'
import type { ProxyConfig } from '../options.ts'
import { type Claimed, extendLeases, type LaneLoad, type TenantRoom } from '../store/claim.ts'
import type { Database } from '../store/database.ts'
import { mayTakeOneMore, shareOf } from './fair-share.ts'

interface Lane {
  readonly tenantId: string
  readonly accountId: string
  /** In sending order. */
  readonly waiting: Claimed[]
  running: number
}

export interface InHandLimits {
  readonly perLane: number
  readonly inAll: number
  /** Payload bytes being sent, without small messages: each is in memory, with its decoded attachments. */
  readonly largeBytes: number
}

/** Messages up to this size do not count against memory. */
const SMALL_BYTES = 64 * 1024

/** A message that is being sent. */
export interface Running {
  readonly message: Claimed
  readonly abort: AbortController
}

/** What this process may have waiting, over all tenants. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

/**
 * The messages that this process has claimed: waiting in their lanes (one per account), or being sent. Lanes
 * take turns, so that a slow or dead server delays only its own account; and a tenant leaves slots and room to
 * others, however many accounts it has (fair-share.ts).
 */
export class InHand {
  readonly #limits: InHandLimits
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Map<string, Running>()
  readonly #runningOf = new Map<string, number>()
  #largeBytes = 0
  readonly #largeBytesOf = new Map<string, number>()
  /** Sent since the last claim began, which may return them once more. */
  readonly #sentMeanwhile = new Set<string>()

  constructor(limits: InHandLimits) {
    this.#limits = limits
  }

  get inFlight(): number {
    return this.#running.size
  }

  get waiting(): number {
    return sum([...this.#lanes.values()].map((lane) => lane.waiting.length))
  }

  get waitingBytes(): number {
    return sum(
      [...this.#lanes.values()].flatMap((lane) => lane.waiting.map(({ payloadBytes }) => payloadBytes)),
    )
  }

  /** How much more each tenant with waiting messages may claim. */
  roomOf(room: Room): TenantRoom[] {
    const waiting = new Map<string, Room>()
    for (const { tenantId, waiting: messages } of this.#lanes.values()) {
      const before = waiting.get(tenantId) ?? { messages: 0, bytes: 0 }
      const bytes = sum(messages.map(({ payloadBytes }) => payloadBytes))
      waiting.set(tenantId, { messages: before.messages + messages.length, bytes: before.bytes + bytes })
    }
    return [...waiting]
      .filter(([, held]) => held.messages > 0)
      .map(([tenantId, held]) => ({
        tenantId,
        messages: shareOf(room.messages, held.messages),
        bytes: shareOf(room.bytes, held.bytes),
      }))
  }

  get loads(): LaneLoad[] {
    return [...this.#lanes.values()].map(({ tenantId, accountId, waiting }) => {
      const urgent = waiting.filter(({ priority }) => priority === 0).length
      return { tenantId, accountId, waiting: waiting.length - urgent, urgent }
    })
  }

  /** Everything that this process has a lease on. */
  get all(): Claimed[] {
    return [
      ...[...this.#lanes.values()].flatMap(({ waiting }) => waiting),
      ...this.running.map(({ message }) => message),
    ]
  }

  get running(): Running[] {
    return [...this.#running.values()]
  }

  /** Call when a claim begins. */
  claiming(): void {
    this.#sentMeanwhile.clear()
  }

  /** Call when it is recorded that this message was sent. */
  sent({ pk }: Claimed): void {
    this.#sentMeanwhile.add(pk)
  }

  /**
   * Adds the messages of a claim. When the database was away for longer than a lease, they may include what
   * this process still has: a message that is being or was sent is not sent again, and one that waits does not
   * wait twice.
   */
  add(messages: readonly Claimed[]): void {
    const fresh = messages.filter(({ pk }) => !this.#running.has(pk) && !this.#sentMeanwhile.has(pk))
    const pks = new Set(fresh.map(({ pk }) => pk))
    const lanes = new Set<Lane>()
    for (const message of fresh) {
      const lane = this.#laneOf(message)
      if (!lanes.has(lane)) retain(lane.waiting, ({ pk }) => !pks.has(pk))
      lane.waiting.push(message)
      lanes.add(lane)
    }
    // A stable sort: within a priority, the order of the claims stays.
    for (const lane of lanes) lane.waiting.sort((a, b) => a.priority - b.priority)
  }

  /** The next message that may be sent now; counts as being sent until done(). */
  next(): Running | undefined {
    const free = this.#limits.inAll - this.#running.size
    if (free <= 0) return undefined
    for (const [key, lane] of this.#lanes) {
      if (lane.running >= this.#limits.perLane) continue
      if (!mayTakeOneMore(this.#runningOf.get(lane.tenantId) ?? 0, free)) continue
      const [message] = lane.waiting
      if (message === undefined || !this.#hasMemoryFor(message)) continue
      lane.waiting.shift()
      lane.running += 1
      // To the end of the line: the other lanes come first next time.
      this.#lanes.delete(key)
      this.#lanes.set(key, lane)
      const running = { message, abort: new AbortController() }
      this.#running.set(message.pk, running)
      this.#count(message, 1)
      return running
    }
    return undefined
  }

  /**
   * A large message may be sent while its tenant leaves memory for others (fair-share.ts), or when it is alone.
   */
  #hasMemoryFor(message: Claimed): boolean {
    const bytes = largeBytesOf(message)
    if (bytes === 0 || this.#largeBytes === 0) return true
    const free = this.#limits.largeBytes - this.#largeBytes
    return bytes <= free && mayTakeOneMore(this.#largeBytesOf.get(message.tenantId) ?? 0, free)
  }

  /** Returns how many still wait in its lane. */
  done(message: Claimed): number {
    if (this.#running.delete(message.pk)) this.#count(message, -1)
    const lane = this.#laneOf(message)
    lane.running -= 1
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(keyOf(message))
    return lane.waiting.length
  }

  /** Removes and returns everything waiting that is not `kept`. */
  drop(kept: ReadonlySet<string> = new Set()): Claimed[] {
    const dropped: Claimed[] = []
    for (const [key, lane] of this.#lanes) {
      for (const message of lane.waiting) if (!kept.has(message.pk)) dropped.push(message)
      retain(lane.waiting, ({ pk }) => kept.has(pk))
      if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(key)
    }
    return dropped
  }

  #count(message: Claimed, change: 1 | -1): void {
    addTo(this.#runningOf, message.tenantId, change)
    const bytes = largeBytesOf(message) * change
    if (bytes === 0) return
    this.#largeBytes += bytes
    addTo(this.#largeBytesOf, message.tenantId, bytes)
  }

  #laneOf({ tenantId, accountId }: Claimed): Lane {
    const key = keyOf({ tenantId, accountId })
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    const lane = { tenantId, accountId, waiting: [], running: 0 }
    this.#lanes.set(key, lane)
    return lane
  }
}

function keyOf({ tenantId, accountId }: Pick<Claimed, 'tenantId' | 'accountId'>): string {
  return JSON.stringify([tenantId, accountId])
}

function largeBytesOf({ payloadBytes }: Claimed): number {
  return payloadBytes > SMALL_BYTES ? payloadBytes : 0
}

/** Counts that reach zero are removed. */
function addTo(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** In place and in order. A queue may be longer than a call takes arguments, so splice(...) is out. */
function retain<T>(list: T[], isWanted: (item: T) => boolean): void {
  let kept = 0
  for (const item of list) if (isWanted(item)) list[kept++] = item
  list.length = kept
}

export interface LeaseKeeperParts {
  readonly db: Database
  readonly config: Pick<ProxyConfig, 'leaseMs'>
  readonly log: Log
}

/** Attempts to extend within a lease. */
const CHANCES = 3

/** Renews the leases on what is in hand, and drops what no longer belongs to this process. */
export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts
  readonly #inHand: InHand
  readonly #loop: Loop
  /** When the first lease ends, by this process's clock. */
  #endsAtMs = 0

  constructor(parts: LeaseKeeperParts, inHand: InHand) {
    this.#parts = parts
    this.#inHand = inHand
    const { config, log } = parts
    this.#loop = new Loop({
      name: 'leases',
      intervalMs: config.leaseMs / CHANCES,
      cycle: () => this.#extend(),
      log,
    })
  }

  start(): void {
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Call when a claim begins. */
  claiming(): void {
    if (this.#inHand.all.length === 0) this.#endsAtMs = performance.now() + this.#parts.config.leaseMs
  }

  async #extend(): Promise<void> {
    const { db, config, log } = this.#parts
    const all = this.#inHand.all
    if (all.length === 0) return
    const beganAtMs = performance.now()
    try {
      const kept = await extendLeases(db, all, config.leaseMs)
      this.#endsAtMs = beganAtMs + config.leaseMs
      this.#letGo(new Set(all.map(({ pk }) => pk)).difference(kept))
    } catch (error) {
      log.warning('leases could not be extended', { messages: all.length, error: errorText(error) })
      const nextTryMs = performance.now() + config.leaseMs / CHANCES
      // After that, other processes may send them.
      if (nextTryMs >= this.#endsAtMs) this.#letGo(new Set(all.map(({ pk }) => pk)))
    }
  }

  #letGo(lost: ReadonlySet<string>): void {
    if (lost.size === 0) return
    this.#inHand.drop(new Set(this.#inHand.all.map(({ pk }) => pk)).difference(lost))
    for (const { message, abort } of this.#inHand.running)
      if (lost.has(message.pk)) abort.abort(new Error('its lease has ended'))
  }
}
