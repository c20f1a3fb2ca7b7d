import { readFileSync } from 'node:fs'
import { MailstormError } from '../../../error.ts'
import { decodeStruct, escapeJson } from './go-json.ts'
import type { MessageView } from './message-view.ts'
import type { Messages } from './messages.ts'
import { type Exchange, readBody, send, sendNotFound } from './router.ts'

/** Where a message can be released to, in the order of MailHog's JSON. */
const OUTGOING_KINDS = {
  Name: 'string',
  Save: 'boolean',
  Email: 'string',
  Host: 'string',
  Port: 'string',
  Username: 'string',
  Password: 'string',
  Mechanism: 'string',
} as const

type OutgoingServer = NonNullable<ReturnType<typeof decodeStruct<typeof OUTGOING_KINDS>>>

/** Outgoing SMTP servers by name. Those saved with a release last until the program ends. */
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
      if (server === undefined)
        throw failure(`"${name}" is not an object of strings (and Save true or false)`)
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

export interface ReleaseParts {
  readonly messages: Messages
  readonly outgoing: OutgoingServers
  readonly hostname: string
}

const CONNECT_WITHIN_MS = 30_000
/** nodemailer's names of MailHog's mechanisms. */
const MECHANISMS: Readonly<Record<string, string>> = { PLAIN: 'PLAIN', CRAMMD5: 'CRAM-MD5' }

/** `POST …/release`: sends a stored message on, with a sender at this host. */
export async function release({ request, response, parameters }: Exchange, parts: ReleaseParts) {
  const view = parts.messages.view(parameters[0] ?? '')
  if (view === undefined) return sendNotFound(response)
  response.setHeader('Content-Type', 'text/json')
  const asked = decodeStruct(await readBody(request), OUTGOING_KINDS)
  if (asked === undefined) return send(response, 500, undefined, 'Error decoding request body')
  const server = resolveServer(asked, parts.outgoing)
  if (server === undefined || (hasLogin(server) && MECHANISMS[server.Mechanism] === undefined)) {
    return send(response, 400)
  }
  try {
    await transmit(view, server, parts.hostname)
    send(response, 200)
  } catch (error) {
    console.error(`Failed to release ${view.message.id}: ${(error as Error).message}`)
    send(response, 500)
  }
}

/** Undefined for an unknown name, and for a taken name that is to be saved. */
function resolveServer(asked: OutgoingServer, servers: OutgoingServers): OutgoingServer | undefined {
  if (asked.Save) {
    if (servers.get(asked.Name) !== undefined) return undefined
    servers.save(asked.Name, asked)
  }
  if (asked.Name === '') return asked
  const known = servers.get(asked.Name)
  return known && { ...known, Email: asked.Email === '' ? known.Email : asked.Email }
}

function hasLogin(server: OutgoingServer): boolean {
  return server.Username !== '' || server.Password !== ''
}

async function transmit(view: MessageView, server: OutgoingServer, hostname: string): Promise<void> {
  // Loaded on first use: most runs release nothing.
  const { createTransport } = await import('nodemailer')
  const login = hasLogin(server)
    ? {
        auth: { user: server.Username, pass: server.Password },
        authMethod: MECHANISMS[server.Mechanism] ?? '',
      }
    : {}
  const transport = createTransport({
    host: server.Host,
    port: Number(server.Port),
    connectionTimeout: CONNECT_WITHIN_MS,
    ...login,
  })
  const envelope = { from: `nobody@${hostname}`, to: [server.Email] }
  await transport.sendMail({ envelope, raw: Buffer.from(traceFields(view) + view.data, 'latin1') })
}

/** The fields added by the server come before the message, which itself is sent unchanged. */
function traceFields({ content, message, data }: MessageView): string {
  const last = (name: string) => content.headers.get(name)?.at(-1) ?? ''
  const ownId = content.headers.get('Message-ID')?.[0] === message.id && !data.includes(message.id)
  const fields = [`Return-Path: <${message.from}>`, `Received: ${last(nameOf(content.headers, 'received'))}`]
  if (ownId) fields.push(`Message-ID: ${message.id}`)
  return `${fields.join('\r\n')}\r\n`
}

function nameOf(headers: ReadonlyMap<string, unknown>, lowerCase: string): string {
  return [...headers.keys()].find((name) => name.toLowerCase() === lowerCase) ?? ''
}
