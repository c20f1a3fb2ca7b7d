import { request } from 'undici'
import { foreignText } from '../../text/foreign-text.ts'
import { tokenMaskFor } from '../../text/secret-mask.ts'
import type { Intake } from './options.ts'
import type { WireMessage } from './wire.ts'

/** genro-mail-proxy refuses more in one call. */
const MAX_PER_CALL = 1_000

const MAX_REASON_LENGTH = 300

export interface PushOutcome {
  /** The proxy has them: queued now, or known from an earlier call. */
  readonly taken: readonly string[]
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
  /** Unknown whether the proxy has them: no answer, or a 5xx. */
  readonly unknown: readonly string[]
  /** Error of the last call that failed. */
  readonly error: string | undefined
}

/** Why a proxy refuses a message that it accepted in an earlier call whose answer was lost. */
const KNOWN_TO_PROXY = /^(already sent|being sent)/

type Push = Extract<Intake, { style: 'push' }>

/** Hands messages to the proxy by add-messages. */
export class Pusher {
  readonly #push: Push
  #calls = 0

  constructor(push: Push) {
    this.#push = push
  }

  /** `repeated`: messages that an earlier call may have delivered to the proxy. */
  async push(messages: readonly WireMessage[], repeated: ReadonlySet<string>): Promise<PushOutcome> {
    const outcomes: PushOutcome[] = []
    for (let at = 0; at < messages.length; at += MAX_PER_CALL)
      outcomes.push(await this.#call(messages.slice(at, at + MAX_PER_CALL), repeated))
    return {
      taken: outcomes.flatMap(({ taken }) => taken),
      refused: outcomes.flatMap(({ refused }) => refused),
      unknown: outcomes.flatMap(({ unknown }) => unknown),
      error: outcomes.findLast(({ error }) => error !== undefined)?.error,
    }
  }

  async #call(messages: readonly WireMessage[], repeated: ReadonlySet<string>): Promise<PushOutcome> {
    const ids = messages.map(({ id }) => id)
    try {
      const { statusCode, text } = await this.#post({ messages })
      return outcomeOf({ ids, repeated }, statusCode, text)
    } catch (error) {
      return { ...NOTHING, unknown: ids, error: (error as Error).message }
    }
  }

  async #post(body: object): Promise<{ readonly statusCode: number; readonly text: string }> {
    const { proxyUrls, token, timeoutMs } = this.#push
    const proxyUrl = proxyUrls[this.#calls++ % proxyUrls.length]
    const { statusCode, body: answer } = await request(`${proxyUrl}/commands/add-messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-api-token': token }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await answer.text()
    // A refusal may quote the header that it refuses.
    return { statusCode, text: statusCode < 300 ? text : tokenMaskFor(token)(text) }
  }
}

const NOTHING: PushOutcome = { taken: [], refused: [], unknown: [], error: undefined }

interface Pushed {
  readonly ids: readonly string[]
  readonly repeated: ReadonlySet<string>
}

function outcomeOf({ ids, repeated }: Pushed, statusCode: number, text: string): PushOutcome {
  const answer = parsed(text)
  const said = `add-messages answered HTTP ${statusCode}: ${foreignText(text, MAX_REASON_LENGTH)}`
  if (statusCode >= 500 || (statusCode < 300 && answer === undefined))
    return { ...NOTHING, unknown: ids, error: said }
  const rejected = rejectedIn(answer)
  const reasons = new Map(rejected.map(({ id, reason }) => [id, reason]))
  const isKnown = (id: string) => repeated.has(id) && KNOWN_TO_PROXY.test(reasons.get(id) ?? '')
  // A refused call that names no message refuses all of them.
  const wholly = statusCode >= 300 && rejected.length === 0
  const taken = wholly ? [] : ids.filter((id) => !reasons.has(id) || isKnown(id))
  const refused = wholly
    ? ids.map((id) => ({ id, reason: said }))
    : rejected.filter(({ id }) => ids.includes(id) && !isKnown(id))
  return { taken, refused, unknown: [], error: statusCode >= 300 ? said : undefined }
}

interface Rejected {
  readonly id: string
  readonly reason: string
}

/** At the top level of a 200, inside `detail` of a 400. */
function rejectedIn(answer: unknown): readonly Rejected[] {
  const { rejected, detail } = (answer ?? {}) as { rejected?: unknown; detail?: { rejected?: unknown } }
  const list = rejected ?? detail?.rejected
  return Array.isArray(list) ? list.flatMap(readRejected) : []
}

/** Items that name no message refuse none. */
function readRejected(item: unknown): Rejected[] {
  const { id, reason } = (item ?? {}) as Record<string, unknown>
  return typeof id === 'string' ? [{ id, reason: foreignText(reason, MAX_REASON_LENGTH) }] : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
