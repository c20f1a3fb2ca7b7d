import type { Socket } from 'node:net'
import type { Clock } from '../../engine/clock.ts'
import type { CutPlan, LanePlan, Place } from './plans.ts'

export interface LaneOptions {
  readonly from: Socket
  readonly to: Socket
  readonly plan: LanePlan
  readonly random: () => number
  readonly clock: Clock
  readonly onBytes: (bytes: number) => void
  /** Called once everything before the cut has been sent. */
  readonly onCut: (cut: CutPlan) => void
}

/** Most octets in transit in a lane. Beyond this the sender is not read, so that it feels back-pressure. */
const UNDER_WAY_BYTES = 1_048_576
const UNDER_WAY_MS = 100

type Piece = { readonly dueMs: number } & ({ readonly octets: Buffer } | { readonly mark: 'end' | 'cut' })

/** One direction of a connection: reads, delays, writes. The end of the stream keeps its place in line. */
export class Lane {
  readonly #options: LaneOptions
  readonly #times: LaneTimes
  readonly #cut: CutFinder | undefined
  readonly #pieces: Piece[] = []
  #queuedBytes = 0
  #cancelWake: (() => void) | undefined
  #blocked = false
  #closed = false
  #cutReached = false

  constructor(options: LaneOptions) {
    const { from, to, plan, random } = options
    this.#options = options
    this.#times = new LaneTimes(plan, random)
    this.#cut = plan.cut === undefined ? undefined : new CutFinder(plan.cut.after)
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => this.#takeEnd())
    to.on('drain', () => {
      this.#blocked = false
      this.#release()
    })
  }

  /** A cut at the very beginning is due before any data comes. */
  begin(): void {
    const after = this.#options.plan.cut?.after ?? { text: '' }
    if ('bytes' in after && after.bytes === 0) this.#reachCut()
  }

  /** Lets nothing pass from now on. */
  close(): void {
    this.#closed = true
    this.#cancelWake?.()
    this.#pieces.length = 0
  }

  #take(chunk: Buffer): void {
    if (this.#closed || this.#cutReached) return
    const found = this.#cut?.push(chunk) ?? { pass: chunk, reached: false }
    this.#enqueue(found.pass)
    if (found.reached) this.#reachCut()
    this.#pauseWhenFull()
    this.#release()
  }

  #takeEnd(): void {
    if (this.#closed || this.#cutReached) return
    this.#enqueue(this.#cut?.rest() ?? Buffer.alloc(0))
    this.#pieces.push({ mark: 'end', dueMs: this.#dueMs(0) })
    this.#release()
  }

  #reachCut(): void {
    this.#cutReached = true
    this.#options.from.pause()
    this.#pieces.push({ mark: 'cut', dueMs: this.#dueMs(0) })
    this.#release()
  }

  #enqueue(octets: Buffer): void {
    const { pieceBytes } = this.#times
    for (let at = 0; at < octets.length; at += pieceBytes) {
      const piece = octets.subarray(at, at + pieceBytes)
      this.#pieces.push({ octets: piece, dueMs: this.#dueMs(piece.length) })
      this.#queuedBytes += piece.length
    }
  }

  #dueMs(bytes: number): number {
    return this.#times.dueMs(this.#options.clock.nowMs(), bytes)
  }

  #pauseWhenFull(): void {
    if (this.#isFull()) this.#options.from.pause()
  }

  #isFull(): boolean {
    const backlogMs = this.#times.backlogMs(this.#options.clock.nowMs())
    return this.#queuedBytes > UNDER_WAY_BYTES || backlogMs > UNDER_WAY_MS || this.#blocked
  }

  /** Writes what is due and schedules the rest. */
  #release(): void {
    const { clock, from } = this.#options
    this.#cancelWake?.()
    this.#cancelWake = undefined
    while (!this.#closed && !this.#blocked) {
      const [next] = this.#pieces
      if (next === undefined) break
      if (next.dueMs > clock.nowMs()) {
        this.#cancelWake = clock.wakeAt(next.dueMs, () => this.#release())
        break
      }
      this.#pieces.shift()
      this.#deliver(next)
    }
    if (!this.#closed && !this.#cutReached && !this.#isFull()) from.resume()
  }

  #deliver(piece: Piece): void {
    const { to, plan, onBytes, onCut } = this.#options
    if ('octets' in piece) {
      this.#queuedBytes -= piece.octets.length
      onBytes(piece.octets.length)
      this.#blocked = !to.write(piece.octets)
    } else if (piece.mark === 'end') {
      to.end()
    } else if (plan.cut !== undefined) {
      const { cut } = plan
      this.close()
      // After everything written before, so that it is still sent.
      if (to.writableLength === 0) onCut(cut)
      else to.write('', () => onCut(cut))
    }
  }
}

/** Longest transmission time of one piece on a slow line; larger pieces would arrive in lumps. */
const PIECE_MS = 20

/**
 * When each octet of a lane arrives. Pure arithmetic; the caller passes the time:
 *
 *   free  = max(now, free) + octets / bytesPerSecond     the line carries one piece after another
 *   due   = max(due, free + delay + jitter · random)     no octet overtakes another
 */
export class LaneTimes {
  readonly #delayMs: number
  readonly #jitterMs: number
  readonly #bytesPerMs: number
  readonly #random: () => number
  #freeAtMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.NEGATIVE_INFINITY

  constructor(
    { delayMs = 0, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY }: LanePlan,
    random: () => number,
  ) {
    this.#delayMs = delayMs
    this.#jitterMs = jitterMs
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#random = random
  }

  /** The largest piece to send at once. */
  get pieceBytes(): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * PIECE_MS))
  }

  dueMs(nowMs: number, bytes: number): number {
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + bytes / this.#bytesPerMs
    const jitterMs = this.#jitterMs === 0 ? 0 : this.#jitterMs * this.#random()
    this.#dueMs = Math.max(this.#dueMs, this.#freeAtMs + this.#delayMs + jitterMs)
    return this.#dueMs
  }

  /** How long the line is still busy with what it was given. */
  backlogMs(nowMs: number): number {
    return Math.max(0, this.#freeAtMs - nowMs)
  }
}

const NOTHING = Buffer.alloc(0)

/** Finds the place of a cut in a stream, however it is split into chunks. Pure. */
export class CutFinder {
  readonly #after: Place
  /** Text that must come first; undefined once it has. */
  #behind: Buffer | undefined
  /** Tail of what passed before that text came: it may hold the text's beginning. */
  #before: Buffer = NOTHING
  /** Octets that have passed. */
  #passed = 0
  /** Tail of the input that may be the beginning of the text. */
  #held: Buffer = NOTHING

  constructor(after: Place) {
    this.#after = after
    if ('text' in after && after.behind !== undefined) this.#behind = Buffer.from(after.behind, 'latin1')
  }

  /** What may pass, and whether the place was reached after it. */
  push(chunk: Buffer): { readonly pass: Buffer; readonly reached: boolean } {
    if ('bytes' in this.#after) return this.#pushCounted(chunk, this.#after.bytes)
    const start = this.#startOfSearch(chunk)
    const found = this.#pushSearched(chunk.subarray(start), Buffer.from(this.#after.text, 'latin1'))
    return { ...found, pass: Buffer.concat([chunk.subarray(0, start), found.pass]) }
  }

  /** What was held back when the stream ends, because the text never came. */
  rest(): Buffer {
    return this.#held
  }

  /** Where in a chunk to start searching: at its end while the text that must come first has not. */
  #startOfSearch(chunk: Buffer): number {
    if (this.#behind === undefined) return 0
    const all = Buffer.concat([this.#before, chunk])
    const at = all.indexOf(this.#behind)
    if (at === -1) {
      this.#before = all.subarray(Math.max(0, all.length - this.#behind.length + 1))
      return chunk.length
    }
    const end = at + this.#behind.length - this.#before.length
    this.#behind = undefined
    return end
  }

  #pushCounted(chunk: Buffer, bytes: number) {
    const pass = chunk.subarray(0, Math.max(0, bytes - this.#passed))
    this.#passed += pass.length
    return { pass, reached: this.#passed >= bytes }
  }

  #pushSearched(chunk: Buffer, text: Buffer) {
    const all = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const at = all.indexOf(text)
    if (at !== -1) return { pass: all.subarray(0, at), reached: true }
    const held = beginningAtEnd(all, text)
    this.#held = all.subarray(all.length - held)
    return { pass: all.subarray(0, all.length - held), reached: false }
  }
}

/** How many of the last octets match the beginning of the text. */
function beginningAtEnd(octets: Buffer, text: Buffer): number {
  for (let length = Math.min(text.length - 1, octets.length); length > 0; length--) {
    if (octets.subarray(octets.length - length).equals(text.subarray(0, length))) return length
  }
  return 0
}
