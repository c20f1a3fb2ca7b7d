import type { Usage } from '../../containers/service.ts'
import { DisposableParts } from '../disposable-stack.ts'
import { systemClock } from '../engine/clock.ts'
import type { ResourceUsage } from '../engine/result.ts'
import { endOf } from '../figures/threshold.ts'
import type { Options } from '../options/options.ts'
import { withLogs } from '../run/archive-logs.ts'
import type { Services } from '../run/ground/services.ts'
import { machine, newRunId, stampOf, versions } from '../run/provenance.ts'
import { ResourceSampler, type Sampled } from '../run/resource-sampler.ts'
import { assemble } from './figures/assemble.ts'
import type { Pressed, PressPlan, Proxies, RunEvents, Watched } from './parts.ts'
import { press } from './press.ts'
import type { PressureProgress } from './progress.ts'
import { externalProxies, inProcessProxy, proxyProcesses } from './proxies/proxies.ts'
import type { MemoryRecords } from './records.ts'
import { PRESSURE_FORMAT, type PressureResult } from './result.ts'
import { type PressureGround, type Scene, setScene } from './scene/scene.ts'
import { dockerSinks, embeddedSinks } from './scene/sinks.ts'
import type { PressureWorkload } from './spec.ts'

export interface PressureRun {
  readonly scenario: string
  readonly part: string | null
  readonly workload: PressureWorkload
  readonly options: Options
  /** The run that this one is compared with. */
  readonly reference?: PressureResult | undefined
}

export interface PressureControl {
  readonly signal: AbortSignal
  onProgress(progress: PressureProgress): void
  /** Called when everything is running and the hand-over begins. */
  onStarted?(scene: Scene): void
}

/**
 * One run from boot to result. Rejects only when it could not begin; otherwise the result says what went wrong.
 */
export async function executePressure(
  run: PressureRun,
  ground: PressureGround,
  control: PressureControl,
): Promise<PressureResult> {
  await using stack = new DisposableParts()
  const { scenario, part, workload, options } = run
  const runId = newRunId()
  const scene = await setScene({ workload, options, runId }, ground, stack)
  const { sinks, proxies, events } = scene
  const end = new EarlyEnd(control.signal)
  for (const watched of [...sinks.watched, ...proxies.watched]) end.watch(watched, events)
  const sampler = new ResourceSampler([...sinks.sampled, ...proxies.sampled, new TestProcess()], systemClock)
  await sampler.start()
  control.onStarted?.(scene)
  const pressed = await press(scene.parts, planOf(workload, scene), {
    signal: end.signal,
    deliveriesLost: () => end.deliveriesLost,
    onProgress: (progress) =>
      control.onProgress({ kind: 'pressure', scenario, part, run_id: runId, ...progress }),
  })
  const usage = await sampler.stop()
  const result = pressureResult({ run, runId, backend: ground.backend, proxies, pressed, usage, end })
  return await withLogs(result, [...sinks.logged, ...proxies.logged], options)
}

function planOf(
  { durationSeconds, quietMs, drainMs, proxySettings, runNow }: PressureWorkload,
  { acts, proxies }: Scene,
): PressPlan {
  // genro-mail-proxy calls tenants every 300 s regardless of settings; its clients use run-now.
  const callsByItself = proxies.facts.implementation === 'mailstorm' || !runNow
  return {
    durationMs: durationSeconds * 1000,
    drain: { quietMs, drainMs },
    callEveryMs: callsByItself ? undefined : Number(proxySettings.GMP_SYNC_INTERVAL) * 1000,
    acts,
  }
}

/** The parts of a run by options and suite: booted here, or external proxies. */
export async function pressureGround(
  workload: PressureWorkload,
  { options, pressure }: Services,
): Promise<PressureGround> {
  const { external } = options.pressure
  if (external !== undefined) return externalGround(external, options.allowPublicTargets)
  const backend = await pressure.get()
  const databaseUrl = await backend.newDatabase()
  const plan = { databaseUrl, instances: workload.instances, settings: workload.proxySettings }
  const database = { name: 'postgres', ended: backend.postgres.ended, means: 'fatal' } as const
  return {
    backend: { name: backend.name, why: backend.why },
    databaseUrl,
    sinks: () => (backend.name === 'docker' ? dockerSinks(options.containers) : embeddedSinks()),
    proxies: async (late, events) => {
      const proxies = await (workload.inProcess
        ? inProcessProxy(plan, late.intercept)
        : proxyProcesses(plan, events))
      return {
        ...proxies,
        watched: [...proxies.watched, database],
        logged: [...proxies.logged, backend.postgres],
      }
    },
  }
}

function externalGround(
  external: NonNullable<Options['pressure']['external']>,
  allowPublicTargets: boolean,
): PressureGround {
  return {
    backend: {
      name: 'external',
      why: 'proxies named by PROXY_URL; the SMTP sink is a process on this machine',
    },
    databaseUrl: external.databaseUrl,
    sinks: () => embeddedSinks(external.host),
    proxies: () => externalProxies(external, allowPublicTargets),
  }
}

/** Why a run ended early: it was interrupted, or a part that it needs has ended. */
class EarlyEnd {
  readonly #controller = new AbortController()
  readonly #reasons: string[] = []
  #deliveriesLost: string | undefined

  constructor(interrupted: AbortSignal) {
    const onAbort = () => this.#fatal('interrupted')
    interrupted.addEventListener('abort', onAbort, { once: true })
    if (interrupted.aborted) onAbort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** All reasons in order; null when the run went as planned. */
  get reason(): string | null {
    return this.#reasons.length === 0 ? null : this.#reasons.join('; ')
  }

  /** Why deliveries are no longer known; undefined while they are. */
  get deliveriesLost(): string | undefined {
    return this.#deliveriesLost
  }

  watch({ name, ended, means }: Watched, events: RunEvents): void {
    void ended.then((ending) => {
      if (ending === undefined) return
      const what = `${name} ${/^exited/.test(ending.by) ? '' : 'was '}${ending.by}`
      events.add(what, ending.atEpochMs)
      if (means === 'deliveries') this.#deliveriesLost = `${what}: what it had received can no longer be read`
      if (means === 'noted') this.#reasons.push(what)
      else this.#fatal(what)
    })
  }

  #fatal(reason: string): void {
    this.#reasons.push(reason)
    this.#controller.abort()
  }
}

const TEST_PROCESS = 'test process'

/** The test process, with its tenants and proxies, sampled like any service. */
class TestProcess implements Sampled {
  readonly name = TEST_PROCESS
  #before = { cpu: process.cpuUsage(), atMs: performance.now() }

  async usage(): Promise<Usage> {
    const { user, system } = process.cpuUsage(this.#before.cpu)
    const atMs = performance.now()
    const cpuPercent = (user + system) / 10 / Math.max(1, atMs - this.#before.atMs)
    this.#before = { cpu: process.cpuUsage(), atMs }
    return { cpuPercent, memoryBytes: process.memoryUsage.rss() }
  }
}

interface PressureFacts {
  readonly run: PressureRun
  readonly runId: string
  readonly backend: PressureResult['backend']
  readonly proxies: Proxies
  readonly pressed: Pressed
  readonly usage: Readonly<Record<string, ResourceUsage>>
  readonly end: EarlyEnd
}

/** Builds the result from everything known of a run: verified, diagnosed and judged. */
function pressureResult(facts: PressureFacts): PressureResult {
  const { run, runId, backend, proxies, pressed, usage, end } = facts
  const { scenario, part, workload, options } = run
  const memory = memoryOf(usage, proxies)
  const measured = assemble(
    { ...pressed, memory },
    { thresholds: workload.thresholds, proxy: proxies.facts, reference: run.reference },
  )
  return {
    format: PRESSURE_FORMAT,
    test_type: 'pressure',
    scenario,
    part,
    run_id: runId,
    stamp: stampOf(new Date(pressed.startedAtEpochMs)),
    ...endOf(end.reason, {
      thresholds: measured.thresholds,
      successRate: measured.metrics.success_rate,
      verified: measured.verification.verified,
    }),
    observations: observationsOf(facts),
    backend,
    machine: machine(),
    versions: versions(),
    seed: options.seed,
    proxy: proxies.facts,
    ...measured,
    resource_usage: usage,
  }
}

function memoryOf(usage: Readonly<Record<string, ResourceUsage>>, { sampled }: Proxies): MemoryRecords {
  const proxies = new Map<number, number>()
  for (const { name } of sampled) {
    for (const { second, memory_bytes: bytes } of usage[name]?.samples ?? [])
      proxies.set(second, (proxies.get(second) ?? 0) + bytes)
  }
  const own = usage[TEST_PROCESS]?.samples ?? []
  return { proxies, testProcess: new Map(own.map(({ second, memory_bytes: bytes }) => [second, bytes])) }
}

/** What a reader has to know to understand the figures. */
function observationsOf({ pressed, run, proxies }: PressureFacts): string[] {
  const found: string[] = []
  const uncertain = pressed.uncertain.size
  if (uncertain > 0)
    found.push(`${uncertain} messages were offered and never answered for: the proxy may have them or not.`)
  const caps = run.workload.tenants.filter(({ options }) => options.maxAttachmentBytes !== undefined)
  if (caps.length > 0)
    found.push(
      `Attachments of ${caps.map(({ tenantId }) => tenantId).join(', ')} were capped in size by the suite.`,
    )
  if (proxies.facts.runs === 'in-process')
    found.push('The proxy and the tenants ran inside the test process: its memory is that of all of them.')
  return found
}
