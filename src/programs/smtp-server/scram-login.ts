import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** RFC 7677 4. */
const ITERATIONS = 4_096
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** client-first-message (RFC 5802 7): no channel binding, an authorization identity or none, name and nonce. */
const FIRST = /^([ny]),(?:a=[^,]*)?,(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]{1,512}))$/
/** client-final-message: binding, nonce, proof. */
const FINAL = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/
const derive = promisify(pbkdf2)

export interface KnownLogin {
  readonly user: string
  readonly pass: string
}

/** One salt for the life of the server, as a real one keeps: its clients derive their keys once. */
const SALT = randomBytes(16)
const derived = new WeakMap<KnownLogin, Promise<Buffer>>()

function saltedPassword(login: KnownLogin): Promise<Buffer> {
  const known = derived.get(login) ?? derive(login.pass, SALT, ITERATIONS, 32, 'sha256')
  derived.set(login, known)
  return known
}

/** The server's side of one login by SCRAM-SHA-256 (RFC 5802, RFC 7677). All messages in base64. */
export class ScramLogin {
  readonly #credentials: KnownLogin
  #header = ''
  #clientFirst = ''
  #serverFirst = ''
  #nonce = ''
  /** Name that the client gave. */
  user = ''

  constructor(credentials: KnownLogin) {
    this.#credentials = credentials
  }

  /** The server-first-message; undefined when what the client says cannot be read. */
  challenge(clientFirst: string): string | undefined {
    const [, flag, bare, name = '', nonce] = FIRST.exec(textOf(clientFirst) ?? '') ?? []
    if (flag === undefined || bare === undefined || nonce === undefined) return undefined
    const text = textOf(clientFirst) as string
    this.#header = text.slice(0, text.length - bare.length)
    this.#clientFirst = bare
    this.user = name.replaceAll('=2C', ',').replaceAll('=3D', '=')
    this.#nonce = nonce + randomBytes(18).toString('base64')
    this.#serverFirst = `r=${this.#nonce},s=${SALT.toString('base64')},i=${ITERATIONS}`
    return toBase64(this.#serverFirst)
  }

  /** The server-final-message when the client knows the password. */
  async verdict(clientFinal: string): Promise<string | undefined> {
    const [, withoutProof, binding = '', nonce, proof = ''] = FINAL.exec(textOf(clientFinal) ?? '') ?? []
    if (withoutProof === undefined || nonce !== this.#nonce || textOf(binding) !== this.#header)
      return undefined
    const salted = await saltedPassword(this.#credentials)
    const stored = createHash('sha256').update(signed(salted, 'Client Key')).digest()
    const all = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`
    const signature = signed(stored, all)
    const given = Buffer.from(proof, 'base64')
    if (given.length !== signature.length || this.user !== this.#credentials.user) return undefined
    const key = Buffer.from(given.map((octet, at) => octet ^ (signature[at] as number)))
    if (!timingSafeEqual(createHash('sha256').update(key).digest(), stored)) return undefined
    return toBase64(`v=${signed(signed(salted, 'Server Key'), all).toString('base64')}`)
  }
}

function textOf(base64: string): string | undefined {
  return BASE64.test(base64) ? Buffer.from(base64, 'base64').toString('utf8') : undefined
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

function signed(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
