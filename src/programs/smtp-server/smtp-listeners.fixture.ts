import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { readServerConfig } from './config.ts'
import { Ledger } from './ledger.ts'
import { RawClient } from './raw-client.fixture.ts'
import { SmtpListeners } from './smtp-listeners.ts'

/** A server and a ledger for each test of a file, gone after it. */
export class ListenersRig {
  #folder = ''
  #ledger: Ledger | undefined
  #server: SmtpListeners | undefined
  readonly #clients: RawClient[] = []

  constructor() {
    beforeEach(async () => {
      this.#folder = await mkdtemp(join(tmpdir(), 'smtp-test-'))
      this.#ledger = await Ledger.open(join(this.#folder, 'ledger.ndjson'))
    })
    afterEach(async () => {
      for (const each of this.#clients.splice(0)) each.close()
      await this.server.close()
      this.ledger.close()
      await rm(this.#folder, { recursive: true })
    })
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error('outside of a test')
    return this.#ledger
  }

  get server(): SmtpListeners {
    if (this.#server === undefined) throw new Error('serve() was not called')
    return this.#server
  }

  async serve(env: Record<string, string> = {}): Promise<void> {
    this.#server = await SmtpListeners.open(readServerConfig({ SMTP_PORT: '0', ...env }), this.ledger)
  }

  client(): RawClient {
    const raw = new RawClient(this.server.port)
    this.#clients.push(raw)
    return raw
  }

  /** Greeted, and past EHLO. */
  async readyClient(): Promise<RawClient> {
    const raw = this.client()
    await raw.reply()
    await raw.say('EHLO client.example')
    return raw
  }
}
