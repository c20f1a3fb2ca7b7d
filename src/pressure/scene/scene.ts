import type { DisposableParts } from '../../disposable-stack.ts'
import { MailstormError } from '../../error.ts'
import { isLoopback, LOOPBACK } from '../../listening.ts'
import type { Options } from '../../options/options.ts'
import { RecipientFront } from '../../programs/faults/recipient-front.ts'
import { Monitor } from '../monitor.ts'
import { type PressParts, type PressPlan, type Proxies, RunEvents, type Sinks } from '../parts.ts'
import type { PressureResult } from '../result.ts'
import type { PressureWorkload, SlowSpan } from '../spec.ts'
import { DatabaseFailover } from './failover.ts'
import { SlowLink } from './slow-link.ts'
import { hostTenants, LateIntercept, makeTenants, registerTenants } from './tenants.ts'

/** How the parts of a run are created; tests insert faults here. */
export interface PressureGround {
  readonly backend: PressureResult['backend']
  /** The proxies' database, for suites that make it fail. */
  readonly databaseUrl?: string | undefined
  sinks(): Promise<Sinks>
  proxies(late: LateIntercept, events: RunEvents): Promise<Proxies>
}

/** Everything of a run is in place and waits for the start. */
export interface Scene {
  readonly sinks: Sinks
  readonly proxies: Proxies
  readonly events: RunEvents
  readonly parts: PressParts
  readonly acts: PressPlan['acts']
}

export interface SceneOptions {
  readonly workload: PressureWorkload
  readonly options: Options
  readonly runId: string
}

/** Boots what the run needs; `stack` disposes of all of it. */
export async function setScene(
  { workload, options, runId }: SceneOptions,
  ground: PressureGround,
  stack: DisposableParts,
): Promise<Scene> {
  const [events, late, monitor] = [new RunEvents(), new LateIntercept(), new Monitor()]
  const sinks = stack.use(await ground.sinks())
  const proxies = stack.use(await ground.proxies(late, events))
  const tenants = makeTenants({ workload, proxies, monitor, options, runId, sinks })
  const host = options.pressure.external?.host ?? LOOPBACK
  const hosting = { late, by: proxies.tenantsBy, host }
  const plain = tenants.map(({ tenant }) => tenant)
  const hosts = await hostTenants(plain, hosting, stack)
  const listenOn = isLoopback(host) ? LOOPBACK : '0.0.0.0'
  const link =
    workload.slowSink === undefined ? undefined : stack.use(await SlowLink.open(sinks.smtp, listenOn))
  // An address of this machine that remote proxies can reach.
  const isElsewhere = proxies.facts.runs === 'external'
  const behind = link?.address ?? sinks.smtp
  const front =
    workload.refusing === undefined
      ? undefined
      : stack.use(await RecipientFront.open(behind, workload.refusing, listenOn))
  const smtp = { ...(front?.address ?? behind), ...(isElsewhere ? { host } : {}) }
  const parts = {
    monitor,
    events,
    tenants,
    sources: sinks.sources,
    proxies: proxies.clients,
    known: proxies.known,
    mails: front?.mails,
    begin: () => registerTenants(tenants, hosts, { proxies, smtp, large: sinks.large }),
  }
  const acts = [
    ...actsOf(workload.slowSink, link, events),
    ...(await failoverActs(workload, ground, events, stack)),
  ]
  return { sinks, proxies, events, parts, acts }
}

async function failoverActs(
  { failover }: PressureWorkload,
  { databaseUrl }: PressureGround,
  events: RunEvents,
  stack: DisposableParts,
): Promise<PressPlan['acts']> {
  if (failover === undefined) return []
  if (databaseUrl === undefined)
    throw new MailstormError(
      'NO_DATABASE',
      'Failed to set up the failover: the database of the proxies is not known.',
      'Name it by PROXY_DATABASE_URL.',
    )
  return stack.use(await DatabaseFailover.open(databaseUrl)).acts(failover, events)
}

function actsOf(
  slowSink: SlowSpan | undefined,
  link: SlowLink | undefined,
  events: RunEvents,
): PressPlan['acts'] {
  if (slowSink === undefined || link === undefined) return []
  const { fromSecond, untilSecond, bytesPerSecond } = slowSink
  const set = (speed: number, what: string) => () => {
    link.bytesPerSecond = speed
    events.add(`the link to the sink ${what}`)
  }
  const kilobytes = (bytesPerSecond / 1024).toLocaleString('en', { maximumFractionDigits: 1 })
  return [
    { atMs: fromSecond * 1000, act: set(bytesPerSecond, `was slowed to ${kilobytes} KB/s`) },
    { atMs: untilSecond * 1000, act: set(Number.POSITIVE_INFINITY, 'is at full speed again') },
  ]
}
