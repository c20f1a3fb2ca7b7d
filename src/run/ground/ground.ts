import type { SenderPool } from '../../engine/threads/pool.ts'
import { MailstormError } from '../../error.ts'
import { packageCommand } from '../../packages.ts'
import { checkDescriptors } from '../../smtp/preflight/preflight.ts'
import type { Row } from '../scenario-run.ts'
import { checkHooks, type Workload } from '../spec/spec.ts'
import type { Servers } from './servers.ts'

/** Everything a run needs, booted and checked. */
export interface Ground {
  readonly servers: Servers
  readonly pool: SenderPool
}

/** Boots what the workloads of a run need, and checks that they can run. */
export async function groundFor(workloads: readonly Workload[], row: Row): Promise<Ground> {
  const { services, signal } = row
  await services.cooldown.wait(signal)
  for (const workload of workloads) {
    if (workload.hooks !== undefined) await checkHooks(workload, await services.pool.get())
  }
  const [servers, pool] = await Promise.all([services.servers.get(), services.pool.get()])
  refuseEnded(servers)
  for (const workload of workloads) await unlessAborted(servers.ready(workload), signal)
  checkDescriptors(workloads.reduce((sum, { maxSessions }) => sum + maxSessions, 0))
  return { servers, pool }
}

/** Waits for a check, but not after the run is interrupted: a server may never greet. */
async function unlessAborted(check: Promise<void>, signal: AbortSignal): Promise<void> {
  const interrupted = Promise.withResolvers<never>()
  const onAbort = () =>
    interrupted.reject(
      new MailstormError(
        'INTERRUPTED',
        'Failed to start the run: it was interrupted before all servers had greeted.',
      ),
    )
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await Promise.race([check, interrupted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A later scenario on fewer servers would silently measure something else. */
function refuseEnded(servers: Servers): void {
  const ended = servers.booted.find((server) => server.endedBy !== undefined)
  if (ended === undefined) return
  throw new MailstormError(
    'SERVER_ENDED',
    `Failed to start the run: ${ended.name} had already ended (${ended.endedBy}).`,
    servers.kept
      ? `Start the services again: ${packageCommand('mailstorm stop')}, then ${packageCommand('mailstorm start')}; its option --restart restarts what dies.`
      : 'Start the run again: each run boots servers of its own.',
  )
}
