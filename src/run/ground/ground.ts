import { shareOf } from '../../engine/executors/schedule.ts'
import type { LoadPlan } from '../../engine/threads/plan.ts'
import type { SenderPool } from '../../engine/threads/pool.ts'
import { MailstormError } from '../../error.ts'
import { checkDescriptors } from '../../smtp/preflight/preflight.ts'
import { ownWorkers, type RunStart } from '../generator.ts'
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
      ? 'Start the services again: npx mailstorm stop, then npx mailstorm start; its option --restart restarts what dies.'
      : 'Start the run again: each run boots servers of its own.',
  )
}

/** The first of the servers, as many as a workload asks for. */
export function narrowed(servers: Servers, { servers: count }: Workload): Servers {
  if (count === undefined) return servers
  return {
    ...servers,
    booted: servers.booted.slice(0, count),
    targetsFor: (workload) => servers.targetsFor(workload).slice(0, count),
  }
}

/** The workers whose rows were asked for; all of this generator's when only other rows were. */
export function selectedWorkers({ task, services }: Row, workers: number): number[] {
  const own = ownWorkers(workers, services.options.split)
  const rows = task.suite?.tasks.slice(0, own.length) ?? []
  const selected = rows.flatMap((sibling, index) => (sibling.mode === 'skip' ? [] : (own[index] ?? [])))
  return selected.length > 0 ? selected : own
}

export interface PlanParts {
  readonly workload: Workload
  readonly servers: Servers
  readonly seed: number
  readonly start: RunStart
  /** Numbers of the participating workers. */
  readonly workers: readonly number[]
}

export function planOf({ workload, servers, seed, start, workers }: PlanParts): LoadPlan {
  const own = ownWorkers(workload.workers, start.split)
  return {
    ...workload,
    ...start,
    schedule: shareOf(workload.schedule, workers.length, own.length),
    targets: servers.targetsFor(workload),
    sessionsPerWorker: Math.max(1, Math.floor(workload.maxSessions / workload.workers)),
    seed,
  }
}
