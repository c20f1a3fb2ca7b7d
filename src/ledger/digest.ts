/**
 * Order-free digest of a bag of ids: two independent 32-bit hashes, each summed modulo 2^32. A sum,
 * not an exclusive or, so that an id received twice changes it.
 */
export class BagDigest {
  #low = 0
  #high = 0

  add(id: string): void {
    this.#low = (this.#low + fnv1a(id, 0x811c9dc5)) >>> 0
    this.#high = (this.#high + fnv1a(id, 0x9747b28c)) >>> 0
  }

  /** The digest of both bags together. */
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

/** FNV-1a over the ids' ASCII, with a final avalanche (murmur3's) so that sums spread well. */
function fnv1a(id: string, basis: number): number {
  let hash = basis
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
