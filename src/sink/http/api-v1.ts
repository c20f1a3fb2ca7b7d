import { messageJson } from '../mail/message-json.ts'
import { newestFirst } from '../store/store.ts'
import { download, downloadPart } from './downloads.ts'
import type { EventStreams } from './event-stream.ts'
import { type Exchange, type Route, send, sendPieces } from './exchange.ts'
import type { Messages } from './messages.ts'
import { type ReleaseParts, release } from './release.ts'

/** MailHog's list without paging ends here. */
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

/** mailhog-awesome reads the status only of an empty answer. */
function deleteOne({ response, parameters }: Exchange, messages: Messages): void {
  send(response, messages.store.delete(parameters[0] ?? '') ? 200 : 500, 'text/json')
}
