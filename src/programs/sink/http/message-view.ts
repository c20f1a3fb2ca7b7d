import { apiSizeBytes, type StoredMessage } from '../store/stored-message.ts'
import { type Content, partsOf, readMessage } from './content.ts'
import { jsonString } from './go-json.ts'

/** A stored message, parsed: the source of the API's JSON, search and downloads. */
export interface MessageView {
  readonly message: StoredMessage
  /** Everything but the final CRLF, one character per byte. */
  readonly data: string
  /** Includes the fields that the server adds. */
  readonly content: Content
}

export function viewMessage(message: StoredMessage, text: string, hostname: string): MessageView {
  const data = text.endsWith('\r\n') ? text.slice(0, -2) : text
  const content = readMessage(data)
  addTraceFields(content.headers, message, hostname)
  return { message, data, content }
}

/** RFC 5321 4.4: adds Received and Return-Path, and a Message-ID when there is none, as MailHog does. */
function addTraceFields(headers: Map<string, string[]>, message: StoredMessage, hostname: string): void {
  const names = new Map([...headers.keys()].map((name) => [name.toLowerCase(), name]))
  const append = (name: string, value: string) => {
    const present = names.get(name.toLowerCase())
    const values = present === undefined ? undefined : headers.get(present)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  if (!names.has('message-id')) headers.set('Message-ID', [message.id])
  const date = new Date(message.createdEpochMs).toUTCString().replace('GMT', '+0000')
  append('Received', `from ${message.helo} by ${hostname} (MailHog)\r\n          id ${message.id}; ${date}`)
  append('Return-Path', `<${message.from}>`)
}

/** An address split as MailHog does: source route (RFC 5321 4.1.1.3), mailbox, domain. */
export interface Path {
  readonly relays: readonly string[] | undefined
  readonly mailbox: string
  readonly domain: string
}

export function pathOf(address: string): Path {
  const colon = address.indexOf(':')
  const email = colon === -1 ? address : address.slice(colon + 1)
  const at = email.indexOf('@')
  return {
    relays: colon === -1 ? undefined : address.slice(0, colon).split(','),
    mailbox: at === -1 ? email : email.slice(0, at),
    domain: at === -1 ? '' : email.slice(at + 1),
  }
}

/** MailHog's JSON of a message, key for key, in pieces, because the whole may exceed V8's longest string. */
export function* messageJson(view: MessageView): Generator<string> {
  const { message, content, data } = view
  // The body occurs twice, after the header and alone; escape it once.
  const bodyJson = jsonString(content.body)
  const headJson = jsonString(data.slice(0, data.length - content.body.length))
  yield `{"ID":${jsonString(message.id)},"From":${pathJson(message.from)},"To":${toJson(message.to)},"Content":`
  yield `{"Headers":${headersJson(content.headers)},"Body":`
  yield bodyJson
  yield `,"Size":${apiSizeBytes(message)},"MIME":null}`
  yield `,"Created":"${created(message.createdEpochMs)}","MIME":`
  yield* mimeJson(partsOf(content))
  const recipients = message.to.length === 0 ? 'null' : `[${message.to.map(jsonString).join()}]`
  yield `,"Raw":{"From":${jsonString(message.from)},"To":${recipients},"Data":`
  yield headJson.slice(0, -1)
  yield bodyJson.slice(1)
  yield `,"Helo":${jsonString(message.helo)}}}`
}

function* partJson(content: Content): Generator<string> {
  yield `{"Headers":${headersJson(content.headers)},"Body":`
  yield jsonString(content.body)
  yield `,"Size":${content.size},"MIME":`
  yield* mimeJson(content.parts)
  yield '}'
}

function* mimeJson(parts: readonly Content[] | undefined): Generator<string> {
  if (parts === undefined) return yield 'null'
  if (parts.length === 0) return yield '{"Parts":null}'
  let separator = '{"Parts":['
  for (const part of parts) {
    yield separator
    yield* partJson(part)
    separator = ','
  }
  yield ']}'
}

/** Go sorts the keys of a map by their bytes. */
function headersJson(headers: ReadonlyMap<string, readonly string[]>): string {
  const names = [...headers.keys()].sort()
  const fields = names.map((name) => {
    const values = headers.get(name) ?? []
    return `${jsonString(name)}:[${values.map(jsonString).join()}]`
  })
  return `{${fields.join()}}`
}

function toJson(recipients: readonly string[]): string {
  return recipients.length === 0 ? 'null' : `[${recipients.map(pathJson).join()}]`
}

function pathJson(address: string): string {
  const { relays, mailbox, domain } = pathOf(address)
  const relaysJson = relays === undefined ? 'null' : `[${relays.map(jsonString).join()}]`
  return `{"Relays":${relaysJson},"Mailbox":${jsonString(mailbox)},"Domain":${jsonString(domain)},"Params":""}`
}

/** RFC 3339 with microseconds, without trailing zeros, as Go writes times. */
function created(epochMs: number): string {
  const seconds = new Date(Math.floor(epochMs)).toISOString().slice(0, 19)
  const micros = Math.floor((epochMs % 1000) * 1000)
  const fraction = micros.toString().padStart(6, '0').replace(/0+$/, '')
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`
}
