import { pipeline } from 'node:stream/promises'
import { newestFirst } from '../store/store.ts'
import { apiSizeBytes } from '../store/stored-message.ts'
import { type Content, partsOf } from './content.ts'
import type { EventStreams } from './live-events.ts'
import { messageJson } from './message-view.ts'
import type { Messages } from './messages.ts'
import { type ReleaseParts, release } from './release.ts'
import { type Exchange, type Route, send, sendNotFound, sendPieces } from './router.ts'

/** MailHog's unpaged list stops here. */
const MAX_LISTED = 1000

export interface ApiV1Parts extends ReleaseParts {
  readonly events: EventStreams
}

export function apiV1(parts: ApiV1Parts): Route[] {
  const { messages, events } = parts
  const api = 'v1'
  const all = '/api/v1/messages'
  const one = `${all}/:id`
  return [
    { method: 'GET', path: all, api, handler: (exchange) => list(exchange, messages) },
    { method: 'DELETE', path: all, api, handler: (exchange) => deleteAll(exchange, messages) },
    { method: 'GET', path: one, api, handler: (exchange) => show(exchange, messages) },
    { method: 'DELETE', path: one, api, handler: (exchange) => deleteOne(exchange, messages) },
    { method: 'GET', path: `${one}/download`, api, handler: (exchange) => download(exchange, messages) },
    {
      method: 'GET',
      path: `${one}/mime/part/:part/download`,
      api,
      handler: (exchange) => downloadPart(exchange, messages),
    },
    { method: 'POST', path: `${one}/release`, api, handler: (exchange) => release(exchange, parts) },
    { method: 'GET', path: '/api/v1/events', api, handler: ({ response }) => events.add(response) },
  ]
}

async function list({ response }: Exchange, messages: Messages): Promise<void> {
  using snapshot = messages.open()
  const shown = newestFirst(messages.store.all(), 0, MAX_LISTED)
  response.setHeader('Content-Type', 'text/json')
  await sendPieces(response, bracketed(snapshot.listJson(shown)))
}

function* bracketed(items: Iterable<string>): Generator<string> {
  yield '['
  yield* items
  yield ']'
}

async function show({ response, parameters }: Exchange, messages: Messages): Promise<void> {
  const view = messages.view(parameters[0] ?? '')
  response.setHeader('Content-Type', 'text/json')
  await sendPieces(response, view === undefined ? ['null'] : messageJson(view))
}

function deleteAll({ response }: Exchange, messages: Messages): void {
  messages.store.deleteAll()
  send(response, 200, 'text/json')
}

/** mailhog-awesome reads the status only of empty answers. */
function deleteOne({ response, parameters }: Exchange, messages: Messages): void {
  send(response, messages.store.delete(parameters[0] ?? '') ? 200 : 500, 'text/json')
}

/** The message exactly as received, without its final CRLF, which MailHog also omits. */
async function download({ response, parameters }: Exchange, messages: Messages): Promise<void> {
  const [id = ''] = parameters
  const message = messages.store.get(id)
  if (message === undefined) return sendNotFound(response)
  using snapshot = messages.open()
  response.setHeader('Content-Type', 'message/rfc822')
  response.setHeader('Content-Disposition', `attachment; filename="${id}.eml"`)
  try {
    await pipeline(firstBytes(snapshot.blocks(message), apiSizeBytes(message)), response)
  } catch {
    // The client went away; nobody is left to tell.
  }
}

function* firstBytes(blocks: Iterable<Buffer>, bytes: number): Generator<Buffer> {
  let left = bytes
  for (const block of blocks) {
    if (left > 0) yield block.subarray(0, left)
    left -= block.length
  }
}

/** One MIME part: its header fields as HTTP header, base64 decoded, other encodings unchanged. */
function downloadPart({ response, parameters }: Exchange, messages: Messages): void {
  const [id = '', number = ''] = parameters
  const view = messages.view(id)
  // Anything but a number is 0, as with Go's Atoi.
  const part = view && partsOf(view.content)?.[/^[+-]?\d+$/.test(number) ? Number(number) : 0]
  if (part === undefined) {
    sendNotFound(response)
    return
  }
  response.setHeader('Content-Disposition', `attachment; filename="${id}-part-${number}"`)
  copyHeader(part, response)
  response.end(partBody(part))
}

// Would contradict what node:http sends about the response (RFC 9110 7.6.1, 8.6).
const NOT_COPIED = new Set([
  'connection',
  'content-length',
  'date',
  'transfer-encoding',
  'trailer',
  'upgrade',
])
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function copyHeader(part: Content, response: Exchange['response']): void {
  for (const [name, values] of part.headers) {
    if (!FIELD_NAME.test(name) || NOT_COPIED.has(name.toLowerCase())) continue
    response.setHeader(
      name,
      values.map((value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')),
    )
  }
}

function partBody(part: Content): Buffer {
  for (const [name, [value = '']] of part.headers) {
    if (name.toLowerCase() !== 'content-transfer-encoding') continue
    return Buffer.from(part.body, value.toLowerCase() === 'base64' ? 'base64' : 'latin1')
  }
  return Buffer.from(part.body, 'latin1')
}
