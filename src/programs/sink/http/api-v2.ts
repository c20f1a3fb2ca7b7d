import { JIM_KINDS, type JimSwitch } from '../jim.ts'
import { newestFirst } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { decodeStruct, textOf } from './go-json.ts'
import { type MessageView, pathOf } from './message-view.ts'
import type { Messages } from './messages.ts'
import type { OutgoingServers } from './release.ts'
import { type Exchange, type Route, readBody, send, sendError, sendPieces } from './router.ts'

export interface ApiV2Parts {
  readonly messages: Messages
  readonly jim: JimSwitch
  readonly outgoing: OutgoingServers
}

export function apiV2(parts: ApiV2Parts): Route[] {
  const { messages, jim, outgoing } = parts
  const api = 'v2'
  return [
    { method: 'GET', path: '/api/v2/messages', api, handler: (exchange) => list(exchange, messages) },
    { method: 'GET', path: '/api/v2/search', api, handler: (exchange) => search(exchange, messages) },
    { method: 'GET', path: '/api/v2/jim', api, handler: (exchange) => showJim(exchange, jim) },
    { method: 'POST', path: '/api/v2/jim', api, handler: (exchange) => inviteJim(exchange, jim) },
    { method: 'PUT', path: '/api/v2/jim', api, handler: (exchange) => changeJim(exchange, jim) },
    { method: 'DELETE', path: '/api/v2/jim', api, handler: (exchange) => dismissJim(exchange, jim) },
    {
      method: 'GET',
      path: '/api/v2/outgoing-smtp',
      api,
      handler: ({ response }) => send(response, 200, 'application/json', outgoing.toJson()),
    },
    // Upgrade requests do not come this way; see http-server.ts.
    { method: 'GET', path: '/api/v2/websocket', api: 'own', handler: refusePlainRequest },
  ]
}

async function list(exchange: Exchange, messages: Messages): Promise<void> {
  using snapshot = messages.open()
  exchange.response.setHeader('Content-Type', 'text/json')
  const page = pageJson(messages.store.all(), pageOf(exchange), (shown) => snapshot.listJson(shown))
  await sendPieces(exchange.response, page)
}

async function search(exchange: Exchange, messages: Messages): Promise<void> {
  const { query, response } = exchange
  const kind = SEARCH_KINDS.find((name) => name === query.get('kind'))
  const wanted = query.get('query') ?? ''
  if (kind === undefined || wanted === '') return send(response, 400)
  using snapshot = messages.open()
  const page = pageOf(exchange)
  const found = await snapshot.filter(searchFor(kind, wanted))
  // MailHog reports a total of 0 for a page beyond the last match.
  const matches = page.start > found.length ? [] : found
  response.setHeader('Content-Type', 'application/json')
  const json = pageJson(matches, page, (shown) => snapshot.listJson(shown))
  await sendPieces(response, json)
}

function showJim({ response }: Exchange, jim: JimSwitch): void {
  if (jim.config === undefined) send(response, 404)
  else send(response, 200, 'application/json', JSON.stringify(jim.config))
}

/** A body that is not JSON is ignored: Jim then keeps his last settings. */
async function inviteJim({ request, response }: Exchange, jim: JimSwitch): Promise<void> {
  if (jim.config !== undefined) return send(response, 400)
  jim.invite(decodeStruct(await readBody(request), JIM_KINDS))
  send(response, 201)
}

async function changeJim({ request, response }: Exchange, jim: JimSwitch): Promise<void> {
  if (jim.config === undefined) return send(response, 404)
  const config = decodeStruct(await readBody(request), JIM_KINDS)
  if (config === undefined) return send(response, 400)
  jim.invite(config)
  send(response, 200)
}

function dismissJim({ response }: Exchange, jim: JimSwitch): void {
  const status = jim.config === undefined ? 404 : 200
  jim.dismiss()
  send(response, status)
}

function refusePlainRequest({ response }: Exchange): void {
  response.setHeader('Sec-WebSocket-Version', '13')
  sendError(response, 400, 'Bad Request')
}

const DEFAULT_LIMIT = 50
/** MailHog's cap, which its answer does not mention. */
const MAX_LIMIT = 250

interface Page {
  readonly start: number
  readonly limit: number
}

/** As lenient as MailHog: anything but a positive 64-bit integer gives the default. */
function pageOf({ query }: Pick<Exchange, 'query'>): Page {
  return {
    start: positive(query.get('start')) ?? 0,
    limit: Math.min(MAX_LIMIT, positive(query.get('limit')) ?? DEFAULT_LIMIT),
  }
}

function positive(text: string | null): number | undefined {
  if (text === null || !/^[+-]?\d+$/.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  return value > 0n && value < 2n ** 63n ? Number(value) : undefined
}

/** MailHog's JSON around a page, newest first; `items` produces the JSON of its messages. */
function* pageJson(
  oldestFirst: readonly StoredMessage[],
  page: Page,
  items: (messages: readonly StoredMessage[]) => Iterable<string>,
): Generator<string> {
  const shown = newestFirst(oldestFirst, page.start, page.limit)
  yield `{"total":${oldestFirst.length},"count":${shown.length},"start":${page.start},"items":[`
  yield* items(shown)
  yield ']}'
}

const SEARCH_KINDS = ['from', 'to', 'containing'] as const
type SearchKind = (typeof SEARCH_KINDS)[number]

/**
 * MailHog's search: a case-insensitive substring, nothing decoded. `from` and `to` search the envelope and the
 * header field of exactly that name; `containing` searches the body and all header values.
 */
function searchFor(kind: SearchKind, query: string): (view: MessageView) => boolean {
  const wanted = query.toLowerCase()
  const has = (bytes: string) => textOf(bytes).toLowerCase().includes(wanted)
  const headerHas = (view: MessageView, name: string) => view.content.headers.get(name)?.some(has) ?? false
  switch (kind) {
    case 'from':
      return (view) => has(addressOf(view.message.from)) || headerHas(view, 'From')
    case 'to':
      return (view) => view.message.to.some((to) => has(addressOf(to))) || headerHas(view, 'To')
    case 'containing':
      return (view) => has(view.content.body) || [...view.content.headers.values()].flat().some(has)
    default:
      return kind satisfies never
  }
}

function addressOf(path: string): string {
  const { mailbox, domain } = pathOf(path)
  return `${mailbox}@${domain}`
}
