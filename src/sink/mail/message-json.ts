import { apiSizeBytes } from '../store/stored-message.ts'
import { type Content, partsOf } from './content.ts'
import { type MessageView, pathOf } from './message-view.ts'
import { jsonString } from './text.ts'

/** MailHog's JSON of a message, key for key, in pieces: together they may exceed V8's longest string. */
export function* messageJson(view: MessageView): Generator<string> {
  const { message, content, data } = view
  // The body stands in it twice, behind the header and alone; it is escaped once.
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

/** RFC 3339 with microseconds, without trailing zeros, as Go writes a time. */
function created(epochMs: number): string {
  const seconds = new Date(Math.floor(epochMs)).toISOString().slice(0, 19)
  const micros = Math.floor((epochMs % 1000) * 1000)
  const fraction = micros.toString().padStart(6, '0').replace(/0+$/, '')
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`
}
