import { readFileSync } from 'node:fs'
import { errorText } from '../../../error.ts'
import type { MimeFacts } from '../mime/mime-digest.ts'
import { readHopBehaviour } from '../smtp/hop.ts'
import type { HopDoors } from '../smtp/hop-doors.ts'
import type { ArrivalJournal } from '../store/arrivals.ts'
import type { Store } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { escapeJson, textOf } from './go-json.ts'
import type { Hub } from './live-events.ts'
import { type Exchange, type Route, send, sendError, sendPieces } from './router.ts'

export interface DeliveryParts {
  readonly store: Store
  /** Names of the header fields in each line. */
  readonly fieldNames: readonly string[]
}

export interface OwnRoutesParts extends DeliveryParts {
  readonly hub: Hub
  readonly journal: ArrivalJournal | undefined
}

/** Routes beyond MailHog's API, outside of its paths. */
export function ownRoutes({ store, hub, fieldNames, journal }: OwnRoutesParts): Route[] {
  const api = 'own'
  return [
    {
      method: 'GET',
      path: '/sink/count',
      api,
      handler: (exchange) => count(exchange, { store, hub, journal }),
    },
    {
      method: 'GET',
      path: '/sink/digests',
      api,
      handler: (exchange) => digests(exchange, store, fieldNames),
    },
  ]
}

function count(
  { response }: Exchange,
  { store, hub, journal }: Pick<OwnRoutesParts, 'store' | 'hub' | 'journal'>,
): void {
  const counts = {
    count: journal?.count ?? store.count,
    events_dropped: hub.dropped,
    ...(journal === undefined ? {} : { arrivals_bytes: journal.bytes }),
  }
  send(response, 200, 'application/json', JSON.stringify(counts))
}

/** NDJSON, oldest first; `?to=` selects one envelope recipient. */
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
  /** Includes the final CRLF, dots unstuffed (RFC 1870). */
  readonly bytes: number
  /** Of those bytes, in hex. */
  readonly sha256: string
  /** Of everything after the blank line, 8 hex digits; null without a blank line. */
  readonly body_crc32: string | null
  /** The fields of SINK_DIGEST_HEADERS; empty when the message lacks one. */
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
    // Non-ASCII addresses (RFC 6531) must survive a writer with one byte per character.
    yield `${escapeJson(JSON.stringify(digest))}\n`
  }
}

/** One line of `/sink/deliveries`: what arrived and when, in digests, whatever its size. */
export interface DeliveryLine extends MimeFacts {
  readonly id: string
  /** When it was stored, in milliseconds since 1970, with a fraction. */
  readonly at_epoch_ms: number
  readonly bytes: number
  /** Envelope recipients, in the order of RCPT. */
  readonly recipients: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/** `GET /sink/deliveries?from=N`: NDJSON, oldest first, without the first N. */
export function deliveryRoutes({ store, fieldNames }: DeliveryParts): Route[] {
  const handler = async ({ response, query }: Exchange) => {
    const from = query.get('from') ?? '0'
    if (!/^\d{1,15}$/.test(from)) return sendError(response, 400, 'from has to be a whole number')
    response.setHeader('Content-Type', 'application/x-ndjson')
    await sendPieces(response, deliveryLines(store.all().slice(Number(from)), fieldNames))
  }
  return [{ method: 'GET', path: '/sink/deliveries', api: 'own', handler }]
}

const NO_FACTS: MimeFacts = { text_md5: null, html_md5: null, attachments: [] }

function* deliveryLines(
  messages: readonly StoredMessage[],
  fieldNames: readonly string[],
): Generator<string> {
  for (const message of messages) {
    const facts = message.mime === undefined ? NO_FACTS : (JSON.parse(message.mime) as MimeFacts)
    const line: DeliveryLine = {
      id: message.id,
      at_epoch_ms: message.createdEpochMs,
      bytes: message.bytes,
      recipients: message.to.map(textOf),
      headers: Object.fromEntries(fieldNames.map((name, i) => [name, textOf(message.fields[i] ?? '')])),
      ...facts,
    }
    // Non-ASCII file names must survive a writer with one byte per character.
    yield `${escapeJson(JSON.stringify(line))}\n`
  }
}

/** `GET /sink/arrivals?from=N`: NDJSON of ArrivalLine, in the order of arrival, from byte N on. */
export function arrivalRoutes(journal: ArrivalJournal): Route[] {
  const handler = async ({ response, query }: Exchange) => {
    const from = query.get('from') ?? '0'
    if (!/^\d{1,15}$/.test(from)) return sendError(response, 400, 'from has to be a whole number')
    response.setHeader('Content-Type', 'application/x-ndjson')
    await sendPieces(response, latin1Pieces(journal, Number(from)))
  }
  return [{ method: 'GET', path: '/sink/arrivals', api: 'own', handler }]
}

function* latin1Pieces(journal: ArrivalJournal, from: number): Generator<string> {
  for (const piece of journal.read(from)) yield piece.toString('latin1')
}

/** What a next hop answers when it has been told how to behave. */
export interface HopAnswer {
  /** Since when it does, in milliseconds since 1970, with a fraction. */
  readonly at_epoch_ms: number
  /** How many messages it has taken since it was booted. */
  readonly count: number
}

/** `PUT /sink/hop?mode=…`: how it treats the relay from now on. */
export function hopRoutes(doors: HopDoors, countOf: () => number): Route[] {
  const handler = async ({ response, query }: Exchange) => {
    const reading = readHopBehaviour(query)
    if ('wrong' in reading) return sendError(response, 400, reading.wrong)
    try {
      await doors.behave(reading)
    } catch (error) {
      return sendError(response, 503, errorText(error))
    }
    const answer: HopAnswer = {
      at_epoch_ms: performance.timeOrigin + performance.now(),
      count: countOf(),
    }
    send(response, 200, 'application/json', JSON.stringify(answer))
  }
  return [{ method: 'PUT', path: '/sink/hop', api: 'own', handler }]
}

/** A small page that lists the messages. `apiBase`: URL or path of the API. */
export function webPage(apiBase: string): Route[] {
  const html = readFileSync(new URL('page.html', import.meta.url), 'utf8').replace(
    '{{api}}',
    apiBase.replace(/["&<>]/g, ''),
  )
  return [
    {
      method: 'GET',
      path: '/',
      api: 'own',
      handler: ({ response }) => send(response, 200, 'text/html; charset=utf-8', html),
    },
  ]
}
