import { readFileSync } from 'node:fs'
import { inDialOrder } from '../../dial.ts'
import { MailstormError } from '../../error.ts'
import type { SmtpTarget } from '../target.ts'
import { type Lookup, safeAddressesOf, systemLookup } from './address.ts'
import { checkReachable } from './reachability.ts'
import { checkUnixSocket } from './unix-socket.ts'

export interface PreflightOptions {
  readonly targets: readonly SmtpTarget[]
  /** The most sessions that the run may have open at once. */
  readonly sessions: number
  readonly allowPublicTargets: boolean
  /** How long the load waits for a reply: who may greet so late then is not refused before. */
  readonly replyTimeoutMs?: number
}

/** What the checks ask of the world; replaced in tests. */
export interface PreflightWorld {
  readonly lookup: Lookup
  readonly readLimits: LimitsReader
  /** The least that is waited, however impatient the load is. */
  readonly greetingTimeoutMs: number
  readonly lookupTimeoutMs?: number
}

export const PREFLIGHT_WORLD: PreflightWorld = {
  lookup: systemLookup,
  readLimits: readProcLimits,
  greetingTimeoutMs: 10_000,
}

/** A host whose addresses were checked, all of them. Connections go to these: it is not looked up again. */
export interface CheckedHost {
  readonly host: string
  /** In the order in which they are tried. */
  readonly addresses: readonly string[]
  readonly lookupMs: number
}

/**
 * Everything that can be found out before the first message is sent. Throws all problems as one error.
 * Targets that bring their addresses had them checked; the name of any other is looked up, once.
 */
export async function preflight(options: PreflightOptions, world = PREFLIGHT_WORLD): Promise<void> {
  const hosts = hostsOf(options, world)
  const timeoutMs = Math.max(world.greetingTimeoutMs, options.replyTimeoutMs ?? 0)
  const said = new Set<string>()
  await allOf([
    ...options.targets.map(async (target) => {
      if (target.path !== undefined) await checkUnixSocket(target.path)
      if (target.path !== undefined || target.addresses !== undefined) {
        await checkReachable({ target, timeoutMs })
        return
      }
      const again = said.has(target.host)
      said.add(target.host)
      // What is wrong with a name is said once.
      const found = await (again ? hosts.get(target.host)?.catch(() => undefined) : hosts.get(target.host))
      if (found !== undefined) await reach(target, found, timeoutMs)
    }),
    checkSessions(options.sessions, world.readLimits),
  ])
}

/** What each host of the targets stands for in this run, all its addresses checked. Throws as preflight does. */
export async function checkHosts(
  options: Pick<PreflightOptions, 'targets' | 'allowPublicTargets'>,
  world = PREFLIGHT_WORLD,
): Promise<readonly CheckedHost[]> {
  return allOf([...hostsOf(options, world).values()])
}

/** Each host once, however many ports of it are targets. */
function hostsOf(
  { targets, allowPublicTargets }: Pick<PreflightOptions, 'targets' | 'allowPublicTargets'>,
  world: PreflightWorld,
): ReadonlyMap<string, Promise<CheckedHost>> {
  const hosts = new Map<string, Promise<CheckedHost>>()
  for (const { host, addresses, path } of targets) {
    // A socket is on this machine.
    if (hosts.has(host) || path !== undefined || addresses !== undefined) continue
    hosts.set(host, checkHost(host, allowPublicTargets, world))
  }
  return hosts
}

async function allOf<T>(checks: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(checks)
  const failures = settled.filter((check) => check.status === 'rejected')
  const problems = failures.map(({ reason }) => asProblem(reason))
  const [first] = problems
  if (first === undefined) return Promise.all(checks)
  if (problems.length === 1) throw first
  const list = problems.map(({ message }) => message.replaceAll('\n', ' '))
  throw new MailstormError(
    'PREFLIGHT',
    [`Failed to start: ${problems.length} problems, and nothing was sent.`, ...list].join('\n  '),
  )
}

/** As a promise, so that its failure is collected like the others. */
async function checkSessions(sessions: number, readLimits: LimitsReader): Promise<void> {
  checkDescriptors(sessions, readLimits)
}

async function checkHost(host: string, allowPublic: boolean, world: PreflightWorld): Promise<CheckedHost> {
  const { lookup, lookupTimeoutMs } = world
  const startedMs = performance.now()
  const limit = lookupTimeoutMs === undefined ? {} : { lookupTimeoutMs }
  const found = await safeAddressesOf({ host, allowPublic, lookup, ...limit })
  const lookupMs = performance.now() - startedMs
  return { host, addresses: inDialOrder(found.map(({ address }) => address)), lookupMs }
}

/** A target that must not be sent to is not even connected to. */
async function reach(target: SmtpTarget, { addresses }: CheckedHost, timeoutMs: number): Promise<void> {
  await checkReachable({ target: { ...target, addresses }, timeoutMs })
}

function asProblem(reason: unknown): MailstormError {
  if (reason instanceof MailstormError) return reason
  throw reason
}

/** Text of /proc/self/limits; undefined where there is none (not Linux). */
type LimitsReader = () => string | undefined

export function readProcLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return undefined
  }
}

/** Descriptors beside the sessions: files, pipes to servers, control channels, the test runner. */
export const DESCRIPTOR_MARGIN = 256

/** Refuses a run with more sessions than this process may open; says nothing where the limit is unknown. */
export function checkDescriptors(sessions: number, readLimits: LimitsReader = readProcLimits): void {
  const limit = openFilesIn(readLimits() ?? '')
  const needed = sessions + DESCRIPTOR_MARGIN
  if (limit === undefined || limit >= needed) return
  const [has, needs, open] = [limit, needed, sessions].map((count) => count.toLocaleString('en-US'))
  throw new MailstormError(
    'FILE_LIMIT',
    `Failed to plan ${open} sessions: this process may open ${has} files, and ${needs} are needed.`,
    `Raise the limit with "ulimit -n ${needed}" in the shell that starts the run, or use fewer sessions.`,
  )
}

/** The soft limit; Node raises it to the hard one when it starts, so it is what counts. */
function openFilesIn(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
