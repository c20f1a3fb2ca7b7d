import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { MailstormError } from '../../error.ts'
import { bcryptMatches, isBcryptHash } from '../bcrypt.ts'

/** HTTP basic authentication (RFC 7617) against MailHog's auth file: `user:bcrypt hash` per line. */
export class BasicAuth {
  readonly #hashes: ReadonlyMap<string, string>
  /** Digests of credentials that passed: bcrypt is slow by design, and every request brings them. */
  readonly #passed = new Set<string>()

  static fromFile(path: string): BasicAuth {
    const failure = (why: string) =>
      new MailstormError('SINK_AUTH_FILE', `Failed to read MH_AUTH_FILE "${path}": ${why}.`)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw failure((error as Error).message)
    }
    const hashes = new Map<string, string>()
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue
      const [, user = '', hash = ''] = /^([^:]+):(.+)$/.exec(line.trim()) ?? []
      if (!isBcryptHash(hash)) throw failure(`line ${index + 1} is no "user:bcrypt hash"`)
      hashes.set(user, hash)
    }
    return new BasicAuth(hashes)
  }

  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes
  }

  allows(request: IncomingMessage): boolean {
    const [, encoded = ''] = /^basic +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const digest = createHash('sha256').update(encoded).digest('base64')
    if (this.#passed.has(digest)) return true
    const credentials = Buffer.from(encoded, 'base64').toString()
    const colon = credentials.indexOf(':')
    const hash = colon === -1 ? undefined : this.#hashes.get(credentials.slice(0, colon))
    if (hash === undefined || !bcryptMatches(credentials.slice(colon + 1), hash)) return false
    this.#passed.add(digest)
    return true
  }
}
