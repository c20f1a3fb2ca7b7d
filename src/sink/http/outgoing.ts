import { readFileSync } from 'node:fs'
import { MailstormError } from '../../error.ts'
import { escapeJson } from '../mail/text.ts'
import { decodeStruct } from './go-json.ts'

/** Where a message can be released to, in the order of MailHog's JSON. */
export const OUTGOING_KINDS = {
  Name: 'string',
  Save: 'boolean',
  Email: 'string',
  Host: 'string',
  Port: 'string',
  Username: 'string',
  Password: 'string',
  Mechanism: 'string',
} as const

export type OutgoingServer = NonNullable<ReturnType<typeof decodeStruct<typeof OUTGOING_KINDS>>>

/** Outgoing SMTP servers by name; those saved with a release last until the program ends. */
export class OutgoingServers {
  readonly #byName = new Map<string, OutgoingServer>()

  /** Reads MailHog's file: a JSON object, name → server. */
  static fromFile(path: string): OutgoingServers {
    const servers = new OutgoingServers()
    const failure = (why: string) =>
      new MailstormError('SINK_OUTGOING', `Failed to read MH_OUTGOING_SMTP "${path}": ${why}.`)
    let entries: [string, unknown][]
    try {
      entries = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as object)
    } catch (error) {
      throw failure((error as Error).message)
    }
    for (const [name, given] of entries) {
      const server = decodeStruct(JSON.stringify(given), OUTGOING_KINDS)
      if (server === undefined) throw failure(`"${name}" is no object of strings (and Save true or false)`)
      servers.save(name, server)
    }
    return servers
  }

  get(name: string): OutgoingServer | undefined {
    return this.#byName.get(name)
  }

  save(name: string, server: OutgoingServer): void {
    this.#byName.set(name, server)
  }

  toJson(): string {
    const names = [...this.#byName.keys()].sort()
    return `{${names.map((name) => `${escapeJson(JSON.stringify(name))}:${asJson(this.#byName.get(name))}`).join()}}`
  }
}

function asJson(server: OutgoingServer | undefined): string {
  const fields = Object.entries(server ?? {}).map(
    ([name, value]) => `"${name}":${typeof value === 'string' ? escapeJson(JSON.stringify(value)) : value}`,
  )
  return `{${fields.join()}}`
}
