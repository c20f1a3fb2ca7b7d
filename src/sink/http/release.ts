import type { MessageView } from '../mail/message-view.ts'
import { type Exchange, readBody, send, sendNotFound } from './exchange.ts'
import { decodeStruct } from './go-json.ts'
import type { Messages } from './messages.ts'
import { OUTGOING_KINDS, type OutgoingServer, type OutgoingServers } from './outgoing.ts'

export interface ReleaseParts {
  readonly messages: Messages
  readonly outgoing: OutgoingServers
  readonly hostname: string
}

const CONNECT_WITHIN_MS = 30_000
/** nodemailer's names of MailHog's mechanisms. */
const MECHANISMS: Readonly<Record<string, string>> = { PLAIN: 'PLAIN', CRAMMD5: 'CRAM-MD5' }

/** `POST …/release`: sends a stored message on, from nobody at this host. */
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

/** Undefined for an unknown name, and for one that is to be saved but is taken. */
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
  // Loaded when first needed: most runs release nothing.
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

/** The fields that the server adds stand before the message, which itself goes out as it came. */
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
