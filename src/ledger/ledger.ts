/**
 * The ledger, as servers keep it and the run reads it: which messages of which run were received. Both sides
 * share these types; the SMTP code of neither is in here.
 */

/** Header with a message's id, `<run id>-<number>`. */
export const ID_HEADER = 'X-Mailstorm-Id'
/** Header with the CRC-32 of the body (everything after the empty line, before dot-stuffing), 8 hex digits. */
export const BODY_CRC_HEADER = 'X-Mailstorm-Body-Crc'

/** What one server received of one run: the answer to `GET /ledger?run=<run id>`. */
export interface ServerLedger {
  readonly accepted: number
  /** Sum of the sizes of the accepted messages, as RFC 1870 counts them. */
  readonly bytes: number
  /** Messages whose body did not match its CRC header. */
  readonly corrupted: number
  /** Order-independent digest of the accepted ids; see BagDigest. */
  readonly digest: string
  readonly connections: { readonly current: number; readonly peak: number }
}

/** One line of `GET /ledger/entries?run=<run id>` (NDJSON), one per accepted message. */
export interface LedgerEntry {
  readonly id: string
  readonly bytes: number
  readonly intact: boolean
}

/**
 * Order-independent digest of a multiset of ids: two independent 32-bit hashes, each summed modulo 2^32. A sum
 * rather than an exclusive or, so that a duplicate id changes it.
 */
export class BagDigest {
  #low = 0
  #high = 0

  add(id: string): void {
    this.#low = (this.#low + fnv1a(id, 0x811c9dc5)) >>> 0
    this.#high = (this.#high + fnv1a(id, 0x9747b28c)) >>> 0
  }

  /** Adds the ids of another digest. */
  merge(hex: string): void {
    this.#high = (this.#high + Number.parseInt(hex.slice(0, 8), 16)) >>> 0
    this.#low = (this.#low + Number.parseInt(hex.slice(8), 16)) >>> 0
  }

  /** 16 hex digits. */
  toString(): string {
    return hex32(this.#high) + hex32(this.#low)
  }
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0')
}

/** FNV-1a over the id's ASCII, with murmur3's final avalanche so that sums spread well. */
function fnv1a(id: string, basis: number): number {
  let hash = basis
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
