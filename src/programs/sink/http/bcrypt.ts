import { timingSafeEqual } from 'node:crypto'

/**
 * bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999), to check the passwords of
 * MailHog's auth file. Blowfish starts from the binary digits of π, which are computed here, not listed.
 */
const ROUNDS = 16
const P_WORDS = ROUNDS + 2
const S_WORDS = 4 * 256
const HASH = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/
const BASE64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Encrypted 64 times with the schedule that the password made. */
const MAGIC = Buffer.from('OrpheanBeholderScryDoubt')
/** Longer passwords are cut: bcrypt takes 72 bytes. */
const MAX_KEY_BYTES = 72

export function isBcryptHash(text: string): boolean {
  const cost = Number(HASH.exec(text)?.[1])
  return cost >= 4 && cost <= 31
}

export function bcryptMatches(password: string, hash: string): boolean {
  const [, cost = '', salt = '', expected = ''] = HASH.exec(hash) ?? []
  if (expected === '') return false
  const digest = bcryptDigest(Buffer.from(password), decode(salt, 16), Number(cost))
  return timingSafeEqual(digest, decode(expected, 23))
}

/** 23 bytes: the last of the 24 is left out of every bcrypt hash. */
function bcryptDigest(password: Buffer, salt: Buffer, cost: number): Buffer {
  // The key is the C string, its NUL included.
  const key = Buffer.concat([password, Buffer.alloc(1)]).subarray(0, MAX_KEY_BYTES)
  const cipher = new Blowfish()
  cipher.expandKey(key, salt)
  const noSalt = Buffer.alloc(16)
  for (let left = 2 ** cost; left > 0; left--) {
    cipher.expandKey(key, noSalt)
    cipher.expandKey(salt, noSalt)
  }
  const words = wordsOf(MAGIC)
  for (let pass = 0; pass < 64; pass++) for (let i = 0; i < words.length; i += 2) cipher.encrypt(words, i)
  const digest = Buffer.alloc(MAGIC.length)
  for (const [i, word] of words.entries()) digest.writeUInt32BE(word, i * 4)
  return digest.subarray(0, 23)
}

let piDigits: Uint32Array | undefined

class Blowfish {
  readonly #p: Uint32Array
  readonly #s: Uint32Array

  constructor() {
    piDigits ??= piWords()
    const digits = piDigits
    this.#p = digits.slice(0, P_WORDS)
    this.#s = digits.slice(P_WORDS)
  }

  expandKey(key: Buffer, salt: Buffer): void {
    const keyWords = cycledWords(key, P_WORDS)
    for (let i = 0; i < P_WORDS; i++) this.#p[i] = word(this.#p, i) ^ word(keyWords, i)
    const saltWords = wordsOf(salt)
    const block = new Uint32Array(2)
    let at = 0
    for (const target of [this.#p, this.#s]) {
      for (let i = 0; i < target.length; i += 2) {
        block[0] = word(block, 0) ^ word(saltWords, at)
        block[1] = word(block, 1) ^ word(saltWords, at + 1)
        at = (at + 2) % saltWords.length
        this.encrypt(block, 0)
        target.set(block, i)
      }
    }
  }

  /** Encrypts the two words at `at`. */
  encrypt(words: Uint32Array, at: number): void {
    const p = this.#p
    let left = word(words, at) ^ word(p, 0)
    let right = word(words, at + 1)
    for (let round = 1; round <= ROUNDS; round += 2) {
      right ^= this.#feistel(left) ^ word(p, round)
      left ^= this.#feistel(right) ^ word(p, round + 1)
    }
    words[at] = right ^ word(p, ROUNDS + 1)
    words[at + 1] = left
  }

  #feistel(x: number): number {
    const s = this.#s
    const sum = word(s, x >>> 24) + word(s, 256 + ((x >>> 16) & 255))
    return ((sum ^ word(s, 512 + ((x >>> 8) & 255))) + word(s, 768 + (x & 255))) | 0
  }
}

function word(words: Uint32Array, at: number): number {
  return words[at] as number
}

function wordsOf(bytes: Buffer): Uint32Array {
  return cycledWords(bytes, bytes.length / 4)
}

/** Big-endian words of the bytes, which begin again when they are used up. */
function cycledWords(bytes: Buffer, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    let value = 0
    for (let j = 0; j < 4; j++) value = (value << 8) | (bytes[(i * 4 + j) % bytes.length] as number)
    return value
  })
}

/** The first 1042 words after the point of π in binary; Machin: π = 16·atan(1/5) − 4·atan(1/239). */
function piWords(): Uint32Array {
  const words = P_WORDS + S_WORDS
  // 64 bits more than needed take the rounding errors of some ten thousand terms.
  const one = 1n << BigInt(words * 32 + 64)
  const fraction = (16n * arctanInverse(5n, one) - 4n * arctanInverse(239n, one) - 3n * one) >> 64n
  const bytes = Buffer.from(fraction.toString(16).padStart(words * 8, '0'), 'hex')
  return wordsOf(bytes)
}

/** atan(1/x) times `one`: x⁻¹ − x⁻³/3 + x⁻⁵/5 − … */
function arctanInverse(x: bigint, one: bigint): bigint {
  let power = one / x
  let sum = 0n
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += n % 4n === 1n ? power / n : -(power / n)
    power /= x * x
  }
  return sum
}

/** bcrypt's own alphabet, most significant bits first. */
function decode(text: string, bytes: number): Buffer {
  const bits = [...text].map((character) => BASE64.indexOf(character).toString(2).padStart(6, '0')).join('')
  return Buffer.from(
    Array.from({ length: bytes }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2)),
  )
}
