import type { Socket } from 'node:net'
import type { Clock } from '../engine/clock.ts'
import { CutFinder } from './cut-finder.ts'
import { LaneTimes } from './lane-times.ts'
import type { CutPlan, LanePlan } from './proxy-plan.ts'

export interface LaneOptions {
  readonly from: Socket
  readonly to: Socket
  readonly plan: LanePlan
  readonly random: () => number
  readonly clock: Clock
  readonly onBytes: (bytes: number) => void
  /** Called once all that stands before the cut has left. */
  readonly onCut: (cut: CutPlan) => void
}

/** What may be under way in a lane; beyond it the sender is not read, so that it feels the line. */
const UNDER_WAY_BYTES = 1_048_576
const UNDER_WAY_MS = 100

type Piece = { readonly dueMs: number } & ({ readonly octets: Buffer } | { readonly mark: 'end' | 'cut' })

/** One direction of a connection: reads, holds back, writes; the end of the stream stays in line too. */
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

  /** A place at the very beginning is reached before anything comes. */
  begin(): void {
    const after = this.#options.plan.cut?.after ?? { text: '' }
    if ('bytes' in after && after.bytes === 0) this.#reachCut()
  }

  /** Nothing passes from now on. */
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

  /** Writes what is due and waits for the next. */
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
      // Behind all that was written before, so that it does leave.
      if (to.writableLength === 0) onCut(cut)
      else to.write('', () => onCut(cut))
    }
  }
}
