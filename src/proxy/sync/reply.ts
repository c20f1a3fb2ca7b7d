import { foreignText } from '../../foreign-text.ts'

/** What a tenant answered to a sync call. */
export interface SyncReply {
  /** Messages that it still has for us. */
  readonly queued: number
  /** Seconds since 1970; undefined = it may be called as usual. */
  readonly nextSyncAfterTs: number | undefined
  /** Handed over with the reply. */
  readonly messages: readonly unknown[]
  /** What it said that makes no sense, and was ignored. */
  readonly oddities: readonly string[]
}

export const SYNC_FAILURES = ['network', 'timeout', 'status', 'too_large', 'not_json', 'not_ok'] as const
export type SyncFailureReason = (typeof SYNC_FAILURES)[number]

/** The call failed: what was reported with it was not heard. */
export class SyncFailure extends Error {
  readonly reason: SyncFailureReason

  constructor(reason: SyncFailureReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Whoever asks for more has counted in milliseconds, which would be silence until the year 9999. */
const LONGEST_DND_S = 366 * 86_400

/** Only an object, and none that says ok: false, acknowledges what it answers. */
export function readReply(text: string, nowTs = Date.now() / 1000): SyncReply {
  const json = parsed(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SyncFailure('not_json', 'its answer is not a JSON object')
  const { ok, queued, next_sync_after: next, messages, error } = json as Record<string, unknown>
  if (ok === false)
    throw new SyncFailure(
      'not_ok',
      `it answered ok: false (${foreignText(JSON.stringify(error ?? ''), 200)})`,
    )
  const oddities: string[] = []
  const take = <T>(name: string, given: unknown, fits: (value: unknown) => value is T, absent: T): T => {
    if (given === undefined || given === null) return absent
    if (fits(given)) return given
    oddities.push(`${name} is ${foreignText(JSON.stringify(given), 100)}`)
    return absent
  }
  const isTime = (value: unknown): value is number => isCount(value) && value <= nowTs + LONGEST_DND_S
  const nextTs = take('next_sync_after', next, isTime, 0)
  return {
    queued: take('queued', queued, isCount, 0),
    // 0 is how some say "no".
    nextSyncAfterTs: nextTs === 0 ? undefined : nextTs,
    messages: take('messages', messages, isList, []),
    oddities,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyncFailure('not_json', `its answer is not JSON: ${JSON.stringify(foreignText(text, 100))}`)
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value)
}
