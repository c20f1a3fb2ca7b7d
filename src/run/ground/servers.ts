import { isIP } from 'node:net'
import { ControlClient } from '../../../containers/control-client.ts'
import { connectEngine } from '../../../containers/docker/connect.ts'
import type { Engine } from '../../../containers/docker/engine.ts'
import { type SmtpFleet, startDockerFleet, startEmbeddedFleet } from '../../../containers/fleet.ts'
import { KeptSmtpServer } from '../../../containers/keeper/kept-smtp-server.ts'
import { keptServerNames, requireState } from '../../../containers/keeper/state.ts'
import { type RunningSmtpServer, smtpServerImage } from '../../../containers/smtp-server.ts'
import type { NameLookup, Result } from '../../engine/result.ts'
import { MailstormError } from '../../error.ts'
import type { LedgerEntry, ServerLedger } from '../../ledger/ledger.ts'
import type { LedgerSource } from '../../ledger/verify.ts'
import type { ContainerOptions, Options } from '../../options/options.ts'
import { nameOfServer, type ServerAddress, targetAt, tlsOfServer } from '../../options/server-address.ts'
import { type AccountTable, accountsIn } from '../../smtp/login/logins.ts'
import { type Exchangers, exchangersOf } from '../../smtp/preflight/exchangers.ts'
import {
  type CheckedHost,
  checkHosts,
  PREFLIGHT_WORLD,
  type PreflightWorld,
  preflight,
} from '../../smtp/preflight/preflight.ts'
import type { Credentials, SmtpTarget, TlsMode } from '../../smtp/target.ts'
import { Logins } from '../smtp/logins.ts'
import type { ClientIdentity } from '../spec/client-identity.ts'
import type { Workload } from '../spec/spec.ts'
import { TargetLevels } from './levels.ts'

/** The SMTP servers of a run, booted for it or already running. */
export interface Servers extends AsyncDisposable {
  readonly backend: Result['backend'] & { readonly name: 'embedded' | 'docker' | 'external' | 'started' }
  /** Whether `mailstorm start` keeps them beyond the run. */
  readonly kept: boolean
  /** The booted servers, in the order of the targets; empty for the user's servers. */
  readonly booted: readonly RunningSmtpServer[]
  /** What each received of a run, in the order of the targets; empty where noLedger says why. */
  readonly ledgers: readonly LedgerSource[]
  /** Why nothing can be verified; undefined when every server keeps a ledger. */
  readonly noLedger: string | undefined
  /** Servers given by name, and their addresses in this run. */
  readonly names: readonly NameLookup[]
  /**
   * Throws MailstormError when the workload has no token for its login, or a server that was not booted here does not
   * greet as it expects.
   */
  ready(workload: Pick<Workload, 'tls' | 'auth' | 'client' | 'accounts' | 'replyTimeoutMs'>): Promise<void>
  /** At which pipelining level they are sent to. */
  readonly levels: TargetLevels
  /** Where to send a workload, given its TLS mode and credentials. */
  targetsFor(workload: Pick<Workload, 'tls' | 'auth' | 'client' | 'accounts'>): SmtpTarget[]
}

type Note = (line: string) => void

/** Boots the fleet, or checks that the user's servers are allowed and answer. Throws MailstormError. */
export async function startServers(
  options: Options,
  note: Note = console.info,
  world: PreflightWorld = PREFLIGHT_WORLD,
): Promise<Servers> {
  if (options.backend === 'external') return externalServers(options, world)
  if (options.backend === 'started') return startedServers(options)
  const backend = await backendOf(options, note)
  note(`Backend: ${backend.name} (${backend.why})`)
  const fleet = await (backend.name === 'docker' ? dockerFleet(options, note) : embeddedFleet(options))
  return bootedServers(backend, fleet, options)
}

/** The names before anything is booted, for titles of tests. */
export function serverNames(options: Options): string[] {
  if (options.backend === 'external') return options.targets.map(nameOfServer)
  if (options.backend === 'started') return keptServerNames(process.cwd())
  return Array.from({ length: options.fleet.servers }, (_, index) => `smtp-server-${index + 1}`)
}

async function backendOf(options: Options, note: Note): Promise<Servers['backend']> {
  const { backend, containers } = options
  if (backend === 'embedded') return { name: 'embedded', why: ASKED_FOR }
  const foreign = containers.foreign === undefined ? undefined : 'asked for by SMTP_IMAGE'
  return chooseBackend({
    docker: backend === 'docker' ? ASKED_FOR : foreign,
    images: (engine, withinMs) => haveServerImage(engine, containers, withinMs, note),
  })
}

async function haveServerImage(engine: Engine, options: ContainerOptions, withinMs: number, note: Note) {
  const { foreign, nodeImage } = options
  if (foreign === undefined) {
    await smtpServerImage(engine, { nodeImage, withinMs, note })
    return
  }
  const { haveImage } = await import('../../../containers/docker/image.ts')
  await haveImage(engine.client, { image: foreign.image, withinMs, note })
}

function dockerFleet(options: Options, note: Note): Promise<SmtpFleet> {
  const { cpus, memoryBytes, foreign, nodeImage } = options.containers
  const limits = { cpus, memoryBytes }
  return startDockerFleet({
    ...fleetOptions(options),
    limits,
    nodeImage,
    note,
    ...(foreign === undefined ? {} : { foreign }),
  })
}

function embeddedFleet(options: Options): Promise<SmtpFleet> {
  return startEmbeddedFleet(fleetOptions(options))
}

function fleetOptions({ fleet, custom }: Options) {
  const { domain, basePort, ...rest } = fleet
  return {
    ...rest,
    ...(domain === undefined ? {} : { domain }),
    ...(basePort === undefined ? {} : { basePort }),
    ...(custom.auth?.pass === undefined ? {} : { auth: { user: custom.auth.user, pass: custom.auth.pass } }),
  }
}

/** Servers kept by `mailstorm start`; they outlive this run. */
async function startedServers(options: Options): Promise<Servers> {
  const state = await requireState(process.cwd())
  const servers = state.servers.map((server) => new KeptSmtpServer(server, state))
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  const { name, why } = state.backend
  const backend = {
    name: 'started',
    runs: name,
    why: `${name} services kept by mailstorm start: ${why}`,
  } as const
  // Refuse an ended server before the run instead of discovering it during the run.
  await Promise.all(servers.map((server) => server.look()))
  return { ...bootedServers(backend, { servers, stop, [Symbol.asyncDispose]: stop }, options), kept: true }
}

function bootedServers(backend: Servers['backend'], fleet: SmtpFleet, options: Options): Servers {
  const { tlsVerify, pipeliningTrial, containers } = options
  const logins = new Logins()
  const targetsFor: Servers['targetsFor'] = ({ tls, auth, accounts, client }) =>
    fleet.servers.map((server) =>
      presented(client, {
        name: server.name,
        host: server.host,
        port: tls === 'implicit' ? (server.implicitTlsPort ?? server.port) : server.port,
        tls: {
          mode: tls ?? 'none',
          verify: tlsVerify,
          ...(server.ca === undefined ? {} : { ca: server.ca }),
        },
        ...loggedIn(logins, { auth, accounts }),
      }),
    )
  const areOurs = containers.foreign === undefined
  return {
    backend,
    kept: false,
    booted: fleet.servers,
    ledgers: fleet.servers,
    names: [],
    ready: ({ auth }) => logins.find(auth),
    noLedger: fleet.servers.find(({ noLedger }) => noLedger !== undefined)?.noLedger,
    levels: new TargetLevels(targetsFor, { areOurs, mayDeliver: pipeliningTrial }),
    targetsFor,
    [Symbol.asyncDispose]: () => fleet.stop(),
  }
}

/** Each name is looked up here, once; the check and all connections of the run use the answer. */
async function externalServers(options: Options, world: PreflightWorld): Promise<Servers> {
  const { targets, ledgerPort, tlsVerify, allowPublicTargets, pipeliningTrial } = options
  const known = new Map<string, CheckedHost>()
  const domains = new Map<string, Exchangers>()
  const logins = new Logins()
  const targetsFor: Servers['targetsFor'] = ({ tls, auth, accounts, client }) =>
    targets.map((server) => {
      refuseOtherTls(server, tls)
      const checked = server.scheme === 'mx' ? undefined : known.get(server.host)
      return presented(client, {
        ...targetAt(server, { mode: tls, verify: tlsVerify }),
        ...(checked === undefined ? {} : { addresses: checked.addresses }),
        ...exchangedBy(domains.get(nameOfServer(server))),
        ...loggedIn(logins, { auth, accounts }),
      })
    })
  const check = async (workload: Parameters<Servers['ready']>[0]) => {
    const { replyTimeoutMs } = workload
    const plan = {
      targets: targetsFor(workload),
      sessions: targets.length,
      allowPublicTargets,
      replyTimeoutMs,
    }
    await preflight(plan, world)
    // Rather now than after the load. No run has this id.
    await Promise.all(ledgers.map((ledger) => ledger.ledger('')))
  }
  const { resolver } = options
  for (const server of targets) {
    if (server.scheme !== 'mx' || resolver === undefined) continue
    const question = { domain: server.host, resolver, allowPublic: allowPublicTargets }
    domains.set(nameOfServer(server), await exchangersOf(question))
  }
  // What brings its addresses is not looked up.
  const unchecked = { targets: targetsFor({ tls: undefined, auth: undefined }), allowPublicTargets }
  for (const checked of await checkHosts(unchecked, world)) known.set(checked.host, checked)
  const ledgers =
    ledgerPort === undefined ? [] : targets.map((server) => ledgerOf(server, { ledgerPort, known }))
  const ready = new Map<string, Promise<void>>()
  return {
    backend: { name: 'external', why: 'servers named by SMTP_TARGETS' },
    kept: false,
    booted: [],
    ledgers,
    ...(ledgerPort === undefined
      ? { noLedger: 'servers that were not booted by mailstorm keep no ledger' }
      : { noLedger: undefined }),
    names: [
      ...[...known.values()].filter(({ host }) => isIP(host) === 0).map(lookupOf),
      ...Array.from(domains, ([host, { addresses, lookupMs }]) => lookupOf({ host, addresses, lookupMs })),
    ],
    async ready(workload) {
      await logins.find(workload.auth)
      const key = JSON.stringify([workload.tls, workload.client])
      const checked = ready.get(key) ?? check(workload)
      ready.set(key, checked)
      await checked
    },
    levels: new TargetLevels(targetsFor, { areOurs: false, mayDeliver: pipeliningTrial }),
    targetsFor,
    async [Symbol.asyncDispose]() {},
  }
}

/** The ledger of a server that was not booted here, at the address that was checked. */
function ledgerOf(
  server: ServerAddress,
  { ledgerPort, known }: { readonly ledgerPort: number; readonly known: ReadonlyMap<string, CheckedHost> },
): LedgerSource {
  const [address = server.host] = known.get(server.host)?.addresses ?? []
  const url = `http://${isIP(address) === 6 ? `[${address}]` : address}:${ledgerPort}`
  const control = new ControlClient({ name: `${nameOfServer(server)} (SMTP_LEDGER_PORT=${ledgerPort})`, url })
  return {
    name: nameOfServer(server),
    ledger: (run) => control.json<ServerLedger>('/ledger', { run }),
    entries: (run) => control.lines<LedgerEntry>('/ledger/entries', { run }),
  }
}

/** The target, as the client presents itself to it. */
function presented(client: ClientIdentity | undefined, target: SmtpTarget): SmtpTarget {
  if (client === undefined) return target
  const { localAddresses } = client
  const own = localAddresses === undefined ? {} : { localAddresses: ofItsFamilies(target, localAddresses) }
  return { ...target, ...client, ...own, tls: { ...target.tls, ...client.tls } }
}

/** No connection leads from an IPv4 address to an IPv6 one. Where none fits, the check before the load says so. */
function ofItsFamilies({ host, addresses = [host] }: SmtpTarget, own: readonly string[]): readonly string[] {
  const families = new Set(addresses.map(isIP))
  const fitting = own.filter((address) => families.has(isIP(address)))
  return fitting.length === 0 ? own : fitting
}

/** What is sent before the load is sent by the first account. */
function loggedIn(
  logins: Logins,
  { auth, accounts }: { readonly auth: Credentials | undefined; readonly accounts: AccountTable | undefined },
): Pick<SmtpTarget, 'auth'> {
  const login = accounts === undefined ? logins.of(auth) : accountsIn(accounts)[0]
  return login === undefined ? {} : { auth: login }
}

/** Of a target that is a domain. */
function exchangedBy(found: Exchangers | undefined): Pick<SmtpTarget, 'addresses' | 'alike' | 'exchangers'> {
  return found === undefined
    ? {}
    : { addresses: found.addresses, alike: found.alike, exchangers: found.names }
}

function lookupOf({ host, addresses, lookupMs }: CheckedHost): NameLookup {
  return { host, addresses, lookup_ms: lookupMs }
}

/** A scenario that compares encryptions, sent to a server of one, would silently measure something else. */
function refuseOtherTls(server: ServerAddress, asked: TlsMode | undefined): void {
  const own = tlsOfServer(server)
  if (asked === undefined || own === undefined || own === asked) return
  const name = nameOfServer(server)
  throw new MailstormError(
    'TLS_MODE',
    `Failed to send to ${name}: the scenario asks for TLS mode ${asked}, and the target is ${own}.`,
    'Give the target as host:port, which leaves its encryption to the scenario.',
  )
}

/** How services boot, and why. */
export interface ChosenBackend {
  readonly name: 'embedded' | 'docker'
  readonly why: string
}

export interface BackendWish {
  /** Optional packages needed besides Testcontainers itself. */
  readonly packages?: readonly string[]
  /** Why it must be containers; undefined when local processes would do as well. */
  readonly docker: string | undefined
  /** Makes sure that the engine has the images. */
  images(engine: Engine, withinMs: number): Promise<void>
}

export const ASKED_FOR = 'asked for by STRESS_BACKEND'

/** Time limit for pulling an image when local processes would do as well. */
const AUTO_IMAGE_WITHIN_MS = 60_000
const IMAGE_WITHIN_MS = 300_000

/** Chooses containers when asked for, or when an engine answers and has or can get the images. */
export async function chooseBackend(wish: BackendWish): Promise<ChosenBackend> {
  const { docker: asked, packages = [], images } = wish
  try {
    const engine = await connectEngine(...packages)
    await images(engine, asked === undefined ? AUTO_IMAGE_WITHIN_MS : IMAGE_WITHIN_MS)
    return { name: 'docker', why: `${asked ?? 'the default where an engine answers'}; ${engine.title}` }
  } catch (error) {
    if (asked !== undefined || !(error instanceof MailstormError)) throw error
    const [reason = ''] = error.message.split('\n')
    const why = reason.replace(/^Failed to/, 'could not').replace(/\.$/, '')
    return { name: 'embedded', why: `the default without containers: ${why}` }
  }
}
