import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../../error.ts'
import type { Log } from '../log.ts'
import { mayPass } from './database.ts'

export interface Persistence {
  /** What waits, for the log. */
  readonly what: string
  readonly log: Log
  /** Ends the waiting: the try that runs, or one more, decides. */
  readonly giveUp: AbortSignal
}

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 1_000

/** Tries again while the database is away: for what this process alone knows. */
export async function persistently<T>(
  work: () => Promise<T>,
  { what, log, giveUp }: Persistence,
): Promise<T> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LAST_RETRY_MS, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || giveUp.aborted) throw error
      log.warning('waits for the database', { what, error: errorText(error) })
      await delay(waitMs, undefined, { signal: giveUp }).catch(ignore)
    }
  }
}

/** Given up while waiting: one more try. */
function ignore(): void {}
