import { escapeJson, textOf } from '../mail/text.ts'
import type { MimeFacts } from '../mime/mime-digest.ts'
import type { Store } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { type Exchange, type Route, sendError, sendPieces } from './exchange.ts'

export interface DeliveryParts {
  readonly store: Store
  /** Names of the header fields in each line. */
  readonly fieldNames: readonly string[]
}

/** One line of `/sink/deliveries`: what arrived and when, in digests, however large it was. */
export interface DeliveryLine extends MimeFacts {
  readonly id: string
  /** When it was stored: milliseconds since 1970, with a fraction. */
  readonly at_epoch_ms: number
  readonly bytes: number
  /** Of the envelope, in the order of RCPT. */
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
    // Names of attachments that are not ASCII have to survive a writer of one byte per character.
    yield `${escapeJson(JSON.stringify(line))}\n`
  }
}
