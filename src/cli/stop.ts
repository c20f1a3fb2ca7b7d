import { setTimeout as sleep } from 'node:timers/promises'
import { requireState } from '../../containers/keeper/state.ts'
import { lives, pidOf } from '../../containers/processes.ts'
import { MailstormError } from '../error.ts'

/** Ending containers takes seconds; a keeper that needs longer is stuck. */
const WITHIN_MS = 30_000
const LOOK_EVERY_MS = 100

/** Ends what `start` keeps, and waits until it has ended. */
export async function stop(): Promise<void> {
  const { keeper } = await requireState(process.cwd())
  process.kill(pidOf(keeper), 'SIGTERM')
  const deadlineMs = performance.now() + WITHIN_MS
  // Another process's end can only be looked for, not waited for.
  while (lives(keeper) && performance.now() < deadlineMs) await sleep(LOOK_EVERY_MS)
  if (lives(keeper)) {
    throw new MailstormError(
      'NOT_STOPPED',
      `Failed to stop the services: process ${pidOf(keeper)} has not ended within ${WITHIN_MS / 1000} s.`,
      `End it with "kill -9 ${pidOf(keeper)}"; its services end with it, containers at the next start or by "npx mailstorm clean".`,
    )
  }
  console.log('Stopped.')
}
