import type { RunningPostgres } from '../../containers/postgres/postgres.ts'
import type { ThresholdResult } from '../../src/engine/result.ts'
import { readOptions } from '../../src/options/options.ts'
import { executePressure, type PressureControl } from '../../src/pressure/execute.ts'
import { ProxyClient } from '../../src/pressure/proxies/client.ts'
import { inProcessProxy, type ProxyPlan, proxyProcesses } from '../../src/pressure/proxies/proxies.ts'
import type { PressureResult } from '../../src/pressure/result.ts'
import type { PressureGround } from '../../src/pressure/scene/scene.ts'
import { embeddedSinks } from '../../src/pressure/scene/sinks.ts'
import { type PressureSpec, resolvePressure } from '../../src/pressure/spec.ts'

/** Small and quick: two tenants, every message with an attachment of 10 KB. */
export const SMALL: PressureSpec = {
  durationSeconds: 20,
  proxy: { GMP_SYNC_INTERVAL: '0.5', GMP_SEND_LOOP_INTERVAL: '0.1' },
  tenants: [
    { profile: 'standard', attachmentShare: 1, maxAttachmentBytes: 10_240, dndShare: 0, maxMessages: 30 },
    { profile: 'newsletter', attachmentShare: 1, maxAttachmentBytes: 10_240, dndShare: 0, maxMessages: 90 },
  ],
  quietSeconds: 4,
  thresholds: [],
}

export interface SceneOptions {
  /** Instead of the embedded sinks. */
  readonly sinks?: PressureGround['sinks']
  /** Before the proxy's calls to tenants are answered. */
  readonly around?: (late: Parameters<PressureGround['proxies']>[0]) => Parameters<typeof inProcessProxy>[1]
  /** Where the run asks the proxy, instead of at the proxy itself. */
  readonly clientsAt?: (url: string) => string
  /** Makes it fail, where the spec says so. */
  readonly databaseUrl?: string
  /** Of the proxies' processes, beside their settings. */
  readonly environment?: Readonly<Record<string, string>>
  /** The run that this one is compared with. */
  readonly reference?: PressureResult
  /** Whose end ends the run. */
  readonly database?: RunningPostgres
  readonly onStarted?: PressureControl['onStarted']
  readonly signal?: AbortSignal
}

/** Runs a spec with faults between its parts. */
export async function pressed(
  spec: PressureSpec,
  databaseUrl: string,
  scene: SceneOptions = {},
): Promise<PressureResult> {
  const options = readOptions({ STRESS_BACKEND: 'embedded' })
  const workload = resolvePressure(spec, options, {})
  const settings = { ...workload.proxySettings, ...scene.environment }
  const plan: ProxyPlan = { databaseUrl, instances: workload.instances, settings }
  const { around, clientsAt = (url) => url, database, onStarted } = scene
  const ground: PressureGround = {
    backend: { name: 'embedded', why: 'a test' },
    databaseUrl: scene.databaseUrl,
    sinks: scene.sinks ?? (() => embeddedSinks()),
    async proxies(late, events) {
      const booted = await (workload.inProcess
        ? inProcessProxy(plan, around?.(late) ?? late.intercept)
        : proxyProcesses(plan, events))
      const clients = booted.clients.map(
        ({ name, url }) => new ProxyClient({ name, url: clientsAt(url), token: booted.token }),
      )
      const proxies = { ...booted, clients }
      if (database === undefined) return proxies
      const watched = { name: 'postgres', ended: database.ended, means: 'fatal' } as const
      return { ...proxies, watched: [...proxies.watched, watched] }
    },
  }
  const run = { scenario: 'test', part: null, workload, options, reference: scene.reference }
  return executePressure(run, ground, {
    signal: scene.signal ?? new AbortController().signal,
    onProgress: () => {},
    ...(onStarted === undefined ? {} : { onStarted }),
  })
}

/** The thresholds that were not met. */
export function missedOf({ thresholds }: PressureResult): ThresholdResult[] {
  return thresholds.filter(({ verdict }) => verdict === 'fail' || verdict === 'no-data')
}
