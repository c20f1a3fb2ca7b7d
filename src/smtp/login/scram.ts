import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * RFC 7677 4: a server asks for 4,096 iterations at least. The most: PBKDF2 runs in the sender thread, and 200,000
 * iterations hold it up for about 0.1 s, once for each user; a server that asks for more could stop the load.
 */
const LEAST_ITERATIONS = 4_096
const MOST_ITERATIONS = 200_000
const MOST_SALT_BYTES = 1_024
const MOST_NONCE_CHARS = 1_024
/** Users of a thread whose keys are kept; each needs about 200 bytes. */
const MOST_KEPT = 10_000

/** What the password becomes with one salt (RFC 5802 3). */
interface Keys {
  readonly client: Buffer
  readonly stored: Buffer
  readonly server: Buffer
}

const kept = new Map<string, Keys>()

/** What a server has said that SCRAM does not allow. */
export class ScramError extends Error {}

/**
 * The client of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding. Neither side shows the password, and the
 * server proves that it knows it too.
 */
export class Scram {
  readonly #user: string
  readonly #pass: string
  readonly #nonce: string
  readonly #firstBare: string
  #serverSignature: Buffer | undefined
  /** The server has proved that it knows the password. */
  isVerified = false

  /** `nonce`: printable ASCII but commas, new for every login. */
  constructor(user: string, pass: string, nonce = randomBytes(18).toString('base64')) {
    this.#user = prepared(user)
    this.#pass = prepared(pass)
    this.#nonce = nonce
    // RFC 5802 5.1: ',' and '=' of the name are written as =2C and =3D.
    const name = this.#user.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#firstBare = `n=${name},r=${nonce}`
  }

  /** client-first-message (RFC 5802 7): no channel binding, no other identity. */
  get first(): string {
    return `n,,${this.#firstBare}`
  }

  /** client-final-message, in answer to the server-first-message. Throws ScramError. */
  final(serverFirst: string): string {
    const { nonce, salt, iterations } = this.#readFirst(serverFirst)
    const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`
    const keys = keysOf({ user: this.#user, pass: this.#pass, salt, iterations })
    this.#serverSignature = hmac(keys.server, signed)
    const signature = hmac(keys.stored, signed)
    const proof = keys.client.map((octet, at) => octet ^ (signature[at] as number))
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
  }

  /** The server-final-message. Throws ScramError when the server does not know the password either. */
  verify(serverFinal: string): void {
    const { v: signature, e: error } = attributesOf(serverFinal)
    if (error !== undefined) throw new ScramError(`the server answers with the error ${error}`)
    if (signature === undefined) throw new ScramError('the server did not sign the login')
    const given = Buffer.from(signature, 'base64')
    const own = this.#serverSignature as Buffer
    if (given.length !== own.length || !timingSafeEqual(given, own))
      throw new ScramError("the server's signature is wrong: it does not know the password")
    this.isVerified = true
  }

  #readFirst(serverFirst: string): { nonce: string; salt: Buffer; iterations: number } {
    const attributes = attributesOf(serverFirst)
    const { e: error, m: extension, r: nonce = '', s: salt = '', i: count = '' } = attributes
    if (error !== undefined) throw new ScramError(`the server answers with the error ${error}`)
    if (extension !== undefined) throw new ScramError('the server demands an extension (m=)')
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw new ScramError("the server's nonce does not begin with the client's, or adds nothing to it")
    if (nonce.length > MOST_NONCE_CHARS || !/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce))
      throw new ScramError("the server's nonce is not printable, or is too long")
    const octets = Buffer.from(salt, 'base64')
    if (octets.length === 0 || octets.length > MOST_SALT_BYTES)
      throw new ScramError(`the salt has ${octets.length} octets; 1 to ${MOST_SALT_BYTES} are allowed`)
    const iterations = /^\d{1,12}$/.test(count) ? Number(count) : Number.NaN
    if (!(iterations >= LEAST_ITERATIONS && iterations <= MOST_ITERATIONS)) {
      const allowed = `${LEAST_ITERATIONS.toLocaleString('en')} to ${MOST_ITERATIONS.toLocaleString('en')}`
      throw new ScramError(`the server asks for ${shown(count)} iterations; ${allowed} are allowed`)
    }
    return { nonce, salt: octets, iterations }
  }
}

function shown(count: string): string {
  return /^\d{1,12}$/.test(count) ? Number(count).toLocaleString('en') : 'no number of'
}

/** `r=…,s=…,i=4096` (RFC 5802 5.1). */
function attributesOf(message: string): Readonly<Partial<Record<string, string>>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

interface Derivation {
  readonly user: string
  readonly pass: string
  readonly salt: Buffer
  readonly iterations: number
}

/** Some milliseconds of CPU for each user and salt, so that they are kept. */
function keysOf({ user, pass, salt, iterations }: Derivation): Keys {
  const name = JSON.stringify([user, pass, salt.toString('base64'), iterations])
  const known = kept.get(name)
  if (known !== undefined) return known
  const salted = pbkdf2Sync(pass, salt, iterations, 32, 'sha256')
  const client = hmac(salted, 'Client Key')
  const stored = createHash('sha256').update(client).digest()
  const keys = { client, stored, server: hmac(salted, 'Server Key') }
  const [oldest] = kept.keys()
  if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest)
  kept.set(name, keys)
  return keys
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/**
 * SASLprep (RFC 4013 2.1, 2.2) as far as it changes text: spaces of other scripts become a space, invisible characters
 * go, the rest is put into form KC. It has today's Unicode, not version 3.2, and checks neither the direction of text
 * nor unassigned characters. ASCII stays as it is.
 */
function prepared(text: string): string {
  // RFC 3454 C.1.2 and B.1.
  const mapped = text
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu, ' ')
    .replaceAll(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu, '')
  return mapped.normalize('NFKC')
}
