import { escapeJson, textOf } from '../mail/text.ts'
import type { Store } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { type Exchange, type Route, send, sendPieces } from './exchange.ts'
import type { Hub } from './hub.ts'

export interface ApiOwnParts {
  readonly store: Store
  readonly hub: Hub
  /** Names of the header fields in each digest. */
  readonly fieldNames: readonly string[]
}

/** What MailHog's API cannot say: routes of our own, outside of its paths. */
export function apiOwn({ store, hub, fieldNames }: ApiOwnParts): Route[] {
  const api = 'own'
  return [
    { method: 'GET', path: '/sink/count', api, handler: (exchange) => count(exchange, store, hub) },
    {
      method: 'GET',
      path: '/sink/digests',
      api,
      handler: (exchange) => digests(exchange, store, fieldNames),
    },
  ]
}

function count({ response }: Exchange, store: Store, hub: Hub): void {
  const counts = { count: store.count, events_dropped: hub.dropped }
  send(response, 200, 'application/json', JSON.stringify(counts))
}

/** NDJSON, oldest first; `?to=` for one envelope recipient. */
async function digests(
  { response, query }: Exchange,
  store: Store,
  fieldNames: readonly string[],
): Promise<void> {
  const recipient = query.get('to')
  const messages =
    recipient === null ? store.all() : store.toRecipient(Buffer.from(recipient).toString('latin1'))
  response.setHeader('Content-Type', 'application/x-ndjson')
  await sendPieces(response, digestLines([...messages], fieldNames))
}

/** One line of `/sink/digests`. */
export interface MessageDigest {
  readonly id: string
  readonly from: string
  readonly to: readonly string[]
  /** With the final CRLF, dots unstuffed (RFC 1870). */
  readonly bytes: number
  /** Of those bytes, in hex. */
  readonly sha256: string
  /** Of all behind the blank line, 8 hex digits; null without a blank line. */
  readonly body_crc32: string | null
  /** The fields of SINK_DIGEST_HEADERS; empty where the message has none. */
  readonly headers: Readonly<Record<string, string>>
}

function* digestLines(messages: readonly StoredMessage[], fieldNames: readonly string[]): Generator<string> {
  for (const message of messages) {
    const digest: MessageDigest = {
      id: message.id,
      from: textOf(message.from),
      to: message.to.map(textOf),
      bytes: message.bytes,
      sha256: Buffer.from(message.sha256, 'latin1').toString('hex'),
      body_crc32: message.bodyCrc32?.toString(16).padStart(8, '0') ?? null,
      headers: Object.fromEntries(fieldNames.map((name, i) => [name, textOf(message.fields[i] ?? '')])),
    }
    // Non-ASCII addresses (RFC 6531) have to survive a writer of one byte per character.
    yield `${escapeJson(JSON.stringify(digest))}\n`
  }
}
