import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { systemClock } from '../engine/clock.ts'
import { shareOf } from '../engine/executors/registry.ts'
import { type Progress, progressOf } from '../engine/progress.ts'
import type { Result } from '../engine/result.ts'
import { LoadRun, type Measured } from '../engine/threads/load-run.ts'
import type { LoadPlan } from '../engine/threads/plan.ts'
import { type MailSpec, mailOf } from '../mail/mail.ts'
import { Glances } from '../verify/glances.ts'
import { type Verified, verifyLoad } from '../verify/verification.ts'
import { withLogs } from './archive-logs.ts'
import { GeneratorMeter, ownWorkers, type RunStart } from './generators/generator.ts'
import { withCorpus } from './ground/corpora.ts'
import { type Ground, groundFor } from './ground/ground.ts'
import type { Servers } from './ground/servers.ts'
import { LiveFeeds } from './live/feed.ts'
import { stampOf } from './provenance.ts'
import { ResourceSampler, usageDuring } from './resource-sampler.ts'
import { buildResult, type RunFacts } from './result.ts'
import type { Row, RunOptions } from './scenario-run.ts'
import type { Workload } from './spec/spec.ts'

const PROGRESS_INTERVAL_MS = 1_000
/** Time before an agreed start for first readings and for the tasks to reach their threads. */
const START_MARGIN_MS = 500

/** One load of a run. Usually there is only one; a spike has two at the same time. */
export interface LoadPart {
  readonly options: RunOptions
  /** Numbers of the participating workers. */
  readonly workers: readonly number[]
  /** Start of this load after the first one's. */
  readonly startAfterSeconds: number
}

/**
 * One run from boot to result. Rejects only when nothing could be sent; otherwise the result says what went
 * wrong.
 */
export async function executeRun(
  options: RunOptions,
  row: Row,
  onStarted: (load: LoadRun) => void,
): Promise<Result> {
  const { workload } = options
  const ground = await groundFor([workload], row)
  const part = { options, workers: selectedWorkers(row, workload.workers), startAfterSeconds: 0 }
  const [facts] = await runLoads(ground, {
    parts: [part],
    row,
    onStarted: ([load]) => load && onStarted(load),
  })
  if (facts === undefined) throw new RangeError('a run of one load has no facts')
  return withLogs(await buildResult(facts), facts.servers.booted, row.services.options)
}

/** Runs loads together until they end or are told to, and returns what is known of each. */
export async function runLoads(
  ground: Ground,
  { parts, row, onStarted }: { parts: readonly LoadPart[]; row: Row; onStarted: (loads: LoadRun[]) => void },
): Promise<RunFacts[]> {
  const { services } = row
  await services.split.meet(row.signal)
  const start = services.split.nextRun()
  await shortlyBefore(start.startAtMs, row.signal)
  const sampler = new ResourceSampler(ground.servers.booted, systemClock)
  await sampler.start()
  const generator = new GeneratorMeter(ground.pool.threads)
  const loads = startLoads(ground, parts, { start, seed: services.options.seed })
  onStarted(loads)
  const startedAt = loads[0]?.startsAt ?? new Date()
  const split = services.split.resultOf(startedAt)
  const watch = new ServerWatch(ground.servers.booted, startedAt)
  const cut = cutShort(loads, limitMs(parts, loads), row.signal)
  const live = new LiveFeeds(sampler)
  const glances = new Glances(ground.stores.values())
  const progress = setInterval(() => void reportProgress({ parts, loads, live }, row), PROGRESS_INTERVAL_MS)
  try {
    const measured = await Promise.all(loads.map((load) => load.finished()))
    cut.disarm()
    const resourceUsage = await sampler.stop()
    clearInterval(progress)
    await glances.stop()
    // Of the load alone: the wait for its mail is no work of the generator.
    const generators = measured.map((figures, index) =>
      generator.stop(loads[index]?.pacer.model ?? 'closed', figures),
    )
    const verified = await verifyLoads({ ground, parts, loads, measured, row })
    const common = {
      stamp: stampOf(startedAt),
      seed: services.options.seed,
      serversEnded: watch.ended(),
      cutShortBy: cut.reason(),
      split,
    }
    return parts.map(({ options, startAfterSeconds }, index) => {
      const [load, figures, used] = [loads[index], measured[index], generators[index]]
      if (load === undefined || figures === undefined || used === undefined)
        throw new RangeError(`there is no load ${index}`)
      return {
        ...common,
        verified: verified[index],
        resourceUsage:
          parts.length === 1
            ? resourceUsage
            : usageDuring(resourceUsage, {
                fromSecond: startAfterSeconds,
                seconds: figures.recording.lastEndMs / 1000,
              }),
        usageOfAll: resourceUsage,
        options,
        servers: narrowed(ground.servers, options.workload),
        load,
        measured: figures,
        startedAt: new Date(startedAt.getTime() + startAfterSeconds * 1000),
        generator: used,
        calibratedPerSecond: ground.calibrated.get(options.workload),
        corpus: ground.corpora.get(options.workload.corpus ?? ''),
      }
    })
  } finally {
    cut.disarm()
    clearInterval(progress)
    await glances.stop()
    await Promise.allSettled([...ground.stores.values()].map((store) => store[Symbol.asyncDispose]()))
    services.cooldown.runEnded()
    if (loads.some((load) => load.leftWorkersBehind)) await ground.pool.renew()
  }
}

/** Resource readings and the generator's own start with the load, not with the wait for it. */
async function shortlyBefore(startAtMs: number | undefined, signal: AbortSignal): Promise<void> {
  const waitMs = (startAtMs ?? 0) - systemClock.nowMs() - START_MARGIN_MS
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
}

function startLoads(
  { servers, pool, corpora }: Ground,
  parts: readonly LoadPart[],
  { start: first, seed }: { start: RunStart; seed: number },
): LoadRun[] {
  const loads: LoadRun[] = []
  for (const [index, { options, workers, startAfterSeconds }] of parts.entries()) {
    const { workload } = options
    const firstMs = loads[0]?.startMs
    const start = {
      ...first,
      runId: index === 0 ? first.runId : `${first.runId}p${index + 1}`,
      ...(firstMs === undefined ? {} : { startAtMs: firstMs + startAfterSeconds * 1000 }),
    }
    const mail = withCorpus(workload, corpora)
    const plan = planOf({ workload, mail, servers: narrowed(servers, workload), seed, start, workers })
    loads.push(new LoadRun(pool, plan, workers))
  }
  return loads
}

/** The first of the servers, as many as a workload asks for. */
function narrowed(servers: Servers, { servers: count }: Workload): Servers {
  if (count === undefined) return servers
  return {
    ...servers,
    booted: servers.booted.slice(0, count),
    ledgers: servers.ledgers.slice(0, count),
    targetsFor: (workload) => servers.targetsFor(workload).slice(0, count),
  }
}

/** The workers whose rows were asked for; all of this generator's when only other rows were. */
function selectedWorkers({ task, services }: Row, workers: number): number[] {
  const own = ownWorkers(workers, services.options.split)
  const rows = task.suite?.tasks.slice(0, own.length) ?? []
  const selected = rows.flatMap((sibling, index) => (sibling.mode === 'skip' ? [] : (own[index] ?? [])))
  return selected.length > 0 ? selected : own
}

interface PlanParts {
  readonly workload: Workload
  readonly mail: MailSpec
  readonly servers: Servers
  readonly seed: number
  readonly start: RunStart
  /** Numbers of the participating workers. */
  readonly workers: readonly number[]
}

function planOf({ workload, mail, servers, seed, start, workers }: PlanParts): LoadPlan {
  const own = ownWorkers(workload.workers, start.split)
  return {
    ...workload,
    ...start,
    mail,
    schedule: shareOf(workload.schedule, workers.length, own.length),
    targets: servers.levels.limit(servers.targetsFor(workload), workload),
    sessionsPerWorker: Math.max(1, Math.floor(workload.maxSessions / workload.workers)),
    seed,
    ...(workload.verify === undefined ? {} : { verified: true }),
  }
}

/** Time until the last load must be over. */
function limitMs(parts: readonly LoadPart[], loads: readonly LoadRun[]): number {
  const waitMs = (loads[0]?.startMs ?? 0) - systemClock.nowMs()
  const longest = parts.map(({ options, startAfterSeconds }) => {
    return startAfterSeconds * 1000 + options.workload.maxDurationMs
  })
  return Math.max(0, waitMs) + Math.max(...longest)
}

/** Ends the loads early, on Ctrl-C or when their time is up, and remembers why. */
function cutShort(loads: readonly LoadRun[], limitMs: number, signal: AbortSignal) {
  let why: string | undefined
  const cut = (reason: string) => {
    why ??= reason
    for (const load of loads) load.stop({ abort: true })
  }
  const onAbort = () => cut('interrupted')
  const timer = setTimeout(() => cut(`its time limit of ${Math.round(limitMs / 1000)} s ran out`), limitMs)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return {
    reason: () => why,
    disarm() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

interface EndedLoads {
  readonly ground: Ground
  readonly parts: readonly LoadPart[]
  readonly loads: readonly LoadRun[]
  readonly measured: readonly Measured[]
  readonly row: Row
}

/** Looks for the mail of each load behind its servers, where that is asked for; waits for it. */
function verifyLoads({ ground, parts, loads, measured, row }: EndedLoads): Promise<(Verified | undefined)[]> {
  const verifying = parts.map(async ({ options }, index) => {
    const [load, figures] = [loads[index], measured[index]]
    const store = ground.stores.get(options.workload)
    if (store === undefined || load?.acknowledged === undefined || figures === undefined) return undefined
    let latest = 0
    return verifyLoad(
      {
        runId: load.plan.runId,
        planned: load.planned,
        receipts: figures.receipts,
        mail: mailOf(load.mailPlan),
        acknowledged: load.acknowledged,
        startedAtMs: load.startsAtMs,
        targets: load.plan.targets.map(({ name }) => name),
      },
      {
        store,
        timeoutMs: options.workload.verifyTimeoutMs,
        signal: row.signal,
        clock: systemClock,
        onProgress(arrived, expected) {
          if (systemClock.nowMs() - latest < PROGRESS_INTERVAL_MS) return
          latest = systemClock.nowMs()
          const { recording, elapsedMs } = figures
          const progress = progressOfLoad(options, load, { recording, elapsedMs })
          void row.onProgress({ ...progress, delivery: { arrived, expected } })
        },
      },
    )
  })
  return Promise.all(verifying)
}

function progressOfLoad(
  { scenario, part }: RunOptions,
  load: LoadRun,
  measured: Pick<Measured, 'recording' | 'elapsedMs'>,
): Progress {
  const { pacer, plan } = load
  return progressOf({ scenario, part, runId: plan.runId, pacer, ...measured, workers: plan.workers })
}

/** Progress of the load that started last; that of the others is reported once it has ended. */
async function reportProgress(
  { parts, loads, live }: { parts: readonly LoadPart[]; loads: readonly LoadRun[]; live: LiveFeeds },
  row: Row,
): Promise<void> {
  const nowMs = systemClock.nowMs()
  const current = loads.findLastIndex((load) => load.startMs <= nowMs && !load.isOver)
  const load = loads[current] ?? loads[0]
  const options = parts[Math.max(0, current)]?.options
  if (load === undefined || options === undefined) return
  const { recording, elapsedMs } = load.measured()
  const progress = progressOfLoad(options, load, { recording, elapsedMs })
  const isWatched = row.services.options.livePort !== undefined
  await row.onProgress(progress, isWatched ? live.rowsOf(load, { recording, elapsedMs }) : undefined)
}

/** Records which servers ended by themselves during a run, and when. */
class ServerWatch {
  readonly #ended = new Map<string, string>()

  constructor(servers: readonly RunningSmtpServer[], startedAt: Date) {
    for (const server of servers) {
      void server.ended.then((end) => {
        if (end === undefined) return
        const seconds = (end.atEpochMs - startedAt.getTime()) / 1000
        this.#ended.set(server.name, `${end.by} at ${seconds.toFixed(1)} s`)
      })
    }
  }

  /** By server name: `killed by SIGKILL at 3.2 s`. */
  ended(): ReadonlyMap<string, string> {
    return new Map(this.#ended)
  }
}
