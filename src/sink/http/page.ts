import { newestFirst } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import type { Exchange } from './exchange.ts'

const DEFAULT_LIMIT = 50
/** MailHog's cap, which it does not mention in its answer. */
const MAX_LIMIT = 250

export interface Page {
  readonly start: number
  readonly limit: number
}

/** Lenient as MailHog: what is no positive 64-bit integer is the default. */
export function pageOf({ query }: Pick<Exchange, 'query'>): Page {
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

/** MailHog's envelope around a page, newest first; `items` makes the JSON of its messages. */
export function* pageJson(
  oldestFirst: readonly StoredMessage[],
  page: Page,
  items: (messages: readonly StoredMessage[]) => Iterable<string>,
): Generator<string> {
  const shown = newestFirst(oldestFirst, page.start, page.limit)
  yield `{"total":${oldestFirst.length},"count":${shown.length},"start":${page.start},"items":[`
  yield* items(shown)
  yield ']}'
}
