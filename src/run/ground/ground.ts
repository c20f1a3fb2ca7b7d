import { createPacer, executorOf, plannedSeconds } from '../../engine/executors/registry.ts'
import type { SenderPool } from '../../engine/threads/pool.ts'
import { MailstormError } from '../../error.ts'
import type { Corpus } from '../../mail/corpus/corpus.ts'
import { correspondents } from '../../mail/envelopes/envelopes.ts'
import { packageCommand } from '../../packages.ts'
import { checkLocalAddresses, checkPorts } from '../../smtp/preflight/local-addresses.ts'
import { checkDescriptors } from '../../smtp/preflight/preflight.ts'
import type { Store } from '../../verify/store.ts'
import type { Row } from '../scenario-run.ts'
import { checkHooks, type Workload } from '../spec/spec.ts'
import { calibrate } from './calibration.ts'
import { checkOffers, withCorpus } from './corpora.ts'
import { checkExtensions } from './extensions.ts'
import type { Servers } from './servers.ts'

/** Everything a run needs, booted and checked. */
export interface Ground {
  readonly servers: Servers
  readonly pool: SenderPool
  /** Messages per second that the generator reached before the load, by workload; empty unless asked for. */
  readonly calibrated: ReadonlyMap<Workload, number>
  /** Where the mail of each workload ends up, of those that are verified there. */
  readonly stores: ReadonlyMap<Workload, Store>
  /** The real mail that workloads send, by its spelling. */
  readonly corpora: ReadonlyMap<string, Corpus>
}

/** Boots what the workloads of a run need, and checks that they can run. */
export async function groundFor(workloads: readonly Workload[], row: Row): Promise<Ground> {
  const { services, signal } = row
  await services.cooldown.wait(signal)
  for (const workload of workloads) {
    if (workload.hooks !== undefined) await checkHooks(workload, await services.pool.get())
  }
  const corpora = await corporaOf(workloads, row)
  const [servers, pool] = await Promise.all([services.servers.get(), services.pool.get()])
  refuseEnded(servers)
  const stores = new Map<Workload, Store>()
  try {
    // First of all: a server that only passes mail on greets when what is behind it does.
    await openStores(workloads, { servers, services, stores })
    const calibrated = await madeReady({ workloads, row, servers, pool, corpora })
    for (const store of stores.values()) await unlessAborted(store.check(), signal)
    return { servers, pool, calibrated, stores, corpora }
  } catch (error) {
    await Promise.allSettled([...stores.values()].map((store) => store[Symbol.asyncDispose]()))
    throw error
  }
}

interface Booted {
  readonly workloads: readonly Workload[]
  readonly row: Row
  readonly servers: Servers
  readonly pool: SenderPool
  readonly corpora: Ground['corpora']
}

/** Checks that the workloads can run; resolves with what the generator reached before them. */
async function madeReady({ workloads, row, servers, pool, corpora }: Booted): Promise<Map<Workload, number>> {
  const { services, signal } = row
  for (const workload of workloads) {
    await unlessAborted(checkClient(workload, servers), signal)
    await unlessAborted(servers.ready(workload), signal)
    await unlessAborted(checkExtensions(workload, servers.targetsFor(workload)), signal)
    await unlessAborted(servers.levels.find(workload), signal)
    const corpus = corpora.get(workload.corpus ?? '')
    const { replyTimeoutMs } = workload
    if (corpus !== undefined)
      await unlessAborted(checkOffers(corpus, servers.targetsFor(workload), replyTimeoutMs), signal)
  }
  const sessions = workloads.reduce(
    (sum, { maxSessions, idleSessions = 0 }) => sum + maxSessions + idleSessions,
    0,
  )
  checkDescriptors(sessions)
  for (const workload of workloads) {
    const sessionsPerMinute = sessionsPerMinuteOf(workload)
    const warning = checkPorts({ sessions, sessionsPerMinute, targets: servers.targetsFor(workload) })
    if (warning !== undefined) row.warn?.(warning)
  }
  const calibrated = new Map<Workload, number>()
  for (const workload of services.options.calibrate ? workloads : []) {
    const targets = servers.levels.limit(servers.targetsFor(workload), workload)
    const mail = withCorpus(workload, corpora)
    const perSecond = await calibrate(pool, { ...workload, mail }, targets, signal)
    if (perSecond !== undefined) calibrated.set(workload, perSecond)
  }
  return calibrated
}

/** Each corpus, looked at from its first to its last message: before anything is booted. */
async function corporaOf(
  workloads: readonly Workload[],
  { services, signal }: Row,
): Promise<ReadonlyMap<string, Corpus>> {
  const corpora = new Map<string, Corpus>()
  for (const { corpus } of workloads)
    if (corpus !== undefined) corpora.set(corpus, await services.corpora.get(corpus, signal))
  return corpora
}

async function openStores(
  workloads: readonly Workload[],
  {
    servers,
    services,
    stores,
  }: Pick<Booted, 'servers'> & Pick<Row, 'services'> & { stores: Map<Workload, Store> },
): Promise<void> {
  for (const workload of workloads) {
    if (workload.verify === undefined) continue
    refuseOurs(servers)
    const { seed } = services.options
    stores.set(workload, await services.stores.open(workload.verify, () => recipientsOf(workload, seed)))
  }
}

/** Of a load that time ends, and not a number. */
const MOST_MESSAGES = 1_000_000

/** Everybody that a load writes to: what a store asks for that cannot list its mailboxes. */
function recipientsOf({ mail, schedule }: Workload, seed: number): string[] {
  const { sender, recipients } = mail
  const correspondentsOf = correspondents({ seed, sender, recipients })
  const { total } = createPacer(schedule)
  const found = new Set<string>()
  for (let message = 0; message < Math.min(total, MOST_MESSAGES); message++)
    for (const recipient of correspondentsOf(message).recipients) found.add(recipient)
  return [...found]
}

/** Our own servers send nothing on. */
function refuseOurs({ noLedger, backend }: Servers): void {
  if (noLedger !== undefined) return
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to start the run: STRESS_VERIFY looks for mail behind a server, and the ${backend.name} servers of this run send none on; they keep a ledger, which is compared in any case.`,
    'Name your own server in SMTP_TARGETS, or unset STRESS_VERIFY.',
  )
}

/** What the client says of itself has to fit the targets. */
async function checkClient(workload: Workload, servers: Servers): Promise<void> {
  const { client } = workload
  if (client === undefined) return
  const targets = servers.targetsFor(workload)
  if (client.localAddresses !== undefined) await checkLocalAddresses(client.localAddresses, targets)
  const socket = targets.find(({ path }) => path !== undefined)
  if (client.proxy !== undefined && socket !== undefined)
    throw new MailstormError(
      'BAD_CLIENT',
      `Failed to send to ${socket.name} by the PROXY protocol: a Unix socket has no addresses.`,
      'Unset STRESS_PROXY_PROTOCOL, or give targets with a port.',
    )
  if (client.tls !== undefined && targets.every(({ tls }) => tls.mode === 'none'))
    throw new MailstormError(
      'BAD_CLIENT',
      'Failed to use the settings of TLS: no target is sent to with TLS.',
      'Set STRESS_TLS=starttls or implicit, give the targets as smtps:// or smtp+starttls://, or unset STRESS_TLS_MIN_VERSION, STRESS_TLS_CERT, STRESS_TLS_KEY and STRESS_TLS_SERVER_NAME.',
    )
}

/** Where a rate says how many there are; each connection that is closed may keep its port for a minute. */
function sessionsPerMinuteOf({ schedule, messagesPerSession }: Workload): number | undefined {
  const seconds = plannedSeconds(schedule)
  if (executorOf(schedule).model !== 'open' || seconds === undefined) return undefined
  return (createPacer(schedule).total / messagesPerSession) * Math.min(1, 60 / seconds)
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
