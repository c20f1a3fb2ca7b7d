import { BagDigest } from './ledger.ts'

/** The messages that one thread, or the whole run, saw acknowledged. Plain data that merges exactly. */
export interface ReceiptsData {
  /** Bit n: message n was acknowledged. */
  readonly acknowledged: Uint8Array
  readonly targets: readonly TargetReceipts[]
  /**
   * Recipients that were refused of messages that were taken for others: pairs of a message and the place of a
   * recipient in its envelope. Absent when there are none.
   */
  readonly refused?: Uint32Array
}

export interface TargetReceipts {
  readonly accepted: number
  readonly bytes: number
  readonly digest: string
}

/** Records which messages were acknowledged: one bit each, and a digest per target. */
export class Receipts {
  #acknowledged: Uint8Array
  #refused = new Uint32Array(0)
  #refusedWords = 0
  readonly #targets: { accepted: number; bytes: number; digest: BagDigest }[]

  /** Grows as needed beyond `planned`, or without it. */
  constructor(options: { planned?: number; targetCount: number }) {
    this.#acknowledged = new Uint8Array(Math.ceil((options.planned ?? 0) / 8))
    this.#targets = Array.from({ length: options.targetCount }, () => ({
      accepted: 0,
      bytes: 0,
      digest: new BagDigest(),
    }))
  }

  add(target: number, message: number, id: string, bytes: number): void {
    const receipts = this.#targets[target]
    if (receipts === undefined) throw new RangeError(`receipt of unknown target ${target}`)
    receipts.accepted++
    receipts.bytes += bytes
    receipts.digest.add(id)
    this.#makeRoom((message >>> 3) + 1)
    this.#acknowledged[message >>> 3] = (this.#acknowledged[message >>> 3] as number) | (1 << (message & 7))
  }

  /** A recipient was refused of a message that was taken for others; `recipient`: its place in the envelope. */
  refuse(message: number, recipient: number): void {
    const at = this.#refusedWords
    if (at === this.#refused.length) {
      const larger = new Uint32Array(Math.max(64, 2 * at))
      larger.set(this.#refused)
      this.#refused = larger
    }
    this.#refused[at] = message
    this.#refused[at + 1] = recipient
    this.#refusedWords += 2
  }

  merge(other: ReceiptsData): void {
    const { refused = [] } = other
    for (let at = 0; at < refused.length; at += 2) this.refuse(refused[at] ?? 0, refused[at + 1] ?? 0)
    this.#makeRoom(other.acknowledged.length)
    other.acknowledged.forEach((bits, index) => {
      this.#acknowledged[index] = (this.#acknowledged[index] as number) | bits
    })
    other.targets.forEach((from, index) => {
      const to = this.#targets[index]
      if (to === undefined) throw new RangeError(`receipts of unknown target ${index}`)
      to.accepted += from.accepted
      to.bytes += from.bytes
      to.digest.merge(from.digest)
    })
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#acknowledged.length) return
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#acknowledged.length))
    larger.set(this.#acknowledged)
    this.#acknowledged = larger
  }

  toData(): ReceiptsData {
    return {
      acknowledged: this.#acknowledged.slice(),
      targets: this.#targets.map(({ digest, ...counts }) => ({ ...counts, digest: digest.toString() })),
      ...(this.#refusedWords === 0 ? {} : { refused: this.#refused.slice(0, this.#refusedWords) }),
    }
  }
}

export function isAcknowledged(receipts: ReceiptsData, message: number): boolean {
  return (((receipts.acknowledged[message >>> 3] ?? 0) >>> (message & 7)) & 1) === 1
}
