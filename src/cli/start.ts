import { serveKeeper } from '../../containers/keeper/api.ts'
import { type KeptService, ServiceKeeper } from '../../containers/keeper/service-keeper.ts'
import { readState, removeState, writeState } from '../../containers/keeper/state.ts'
import { type RunningMailhog, sinkFor } from '../../containers/mailhog.ts'
import type { Monitoring } from '../../containers/monitoring.ts'
import { embeddedPostgres, type RunningPostgres } from '../../containers/postgres/postgres.ts'
import { embeddedProxy, type RunningProxyService } from '../../containers/proxy.ts'
import type { RunningService } from '../../containers/service.ts'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { embeddedTenant, type RunningTenantService } from '../../containers/tenants.ts'
import { DisposableParts } from '../disposable-stack.ts'
import { MailstormError } from '../error.ts'
import { type Options, readOptions } from '../options/options.ts'
import { variable, variablesWith } from '../options/process-environment.ts'
import {
  PROXY_PACKAGES,
  packageCommand,
  postgresPackages,
  requirePackages,
  TENANT_PACKAGES,
} from '../packages.ts'
import { identityOf, onEndSignal, pidOf } from '../processes.ts'
import { PROFILE_NAMES, PROFILE_PORTS } from '../programs/tenants/profile.ts'
import type { TenantSetUp } from '../programs/tenants/set-up.ts'
import { wrapLine, wrapText } from '../report/terminal.ts'
import { type Servers, startServers } from '../run/ground/servers.ts'
import { pageFor } from './output.ts'

export interface StartOptions extends WantedExtras {
  /** Restarts services that die. */
  readonly restart?: boolean
}

/** Boots the services, prints their addresses, and keeps them until a signal or `stop`. */
export async function start(wanted: StartOptions): Promise<void> {
  const root = process.cwd()
  await refuseSecond(root)
  const options = readOptions()
  if (options.backend === 'external' || options.backend === 'started') {
    throw new MailstormError(
      'BAD_OPTIONS',
      `Failed to start services: STRESS_BACKEND or SMTP_TARGETS asks for "${options.backend}" ones, which run already.`,
      'Unset them, or set STRESS_BACKEND to embedded or docker.',
    )
  }
  const { restart = false } = wanted
  if (restart) refuseContainers(wanted, options)
  requirePackages('start services', packagesFor(wanted, options))
  // From here on a signal is remembered, and ends whatever was booted so far.
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let isEnding = false
  onEndSignal(() => {
    // At a second signal, leave whatever hangs to `mailstorm clean`.
    if (isEnding) process.exit(1)
    isEnding = true
    end()
  })
  await using stack = new DisposableParts()
  const { width } = pageFor(process.stdout)
  const note = (line: string) => console.info(wrapText(line, width))
  const servers = stack.use(await startServers(options, note))
  const backend = servers.backend.name === 'docker' ? 'docker' : 'embedded'
  if (restart && backend === 'docker') throw restartRefused('the backend is docker')
  let save = async () => {}
  const keeper = new ServiceKeeper({
    restarts: restart,
    say: announce,
    cameBack: () => {
      save().catch((error: Error) =>
        console.error(`Failed to save the state of the services: ${error.message}`),
      )
    },
  })
  const smtp = servers.booted.map((server) => keeper.keep(server, `smtp://${server.host}:${server.port}`))
  stack.defer(() => Promise.all(smtp.map((server) => server.stop())).then(() => undefined))
  const extras = await bootExtras(wanted, { backend, options, keeper, stack, portFor: (usual) => usual })
  const { server, port } = await serveKeeper(keeper.services, smtp)
  stack.defer(() => void server.close())
  const startedAt = new Date().toISOString()
  let saved = Promise.resolve()
  // One write at a time: all go through the same temporary file.
  save = () => {
    const before = saved.catch(() => undefined)
    saved = before.then(() =>
      writeState(root, {
        keeper: identityOf(process.pid),
        startedAt,
        backend: { ...servers.backend, name: backend },
        apiPort: port,
        servers: smtp.map(({ current }) => describeServer(current)),
        ...(extras.metricsPort === undefined ? {} : { metricsPort: extras.metricsPort }),
      }),
    )
    return saved
  }
  stack.defer(async () => {
    keeper.rest()
    await saved.catch(() => undefined)
    await removeState(root)
  })
  await save()
  print(keeper.services, servers, extras.notes)
  await ended
  console.log('Stopping …')
}

/** Printed to stderr, so that it is seen when the output is piped. */
function announce(text: string): void {
  const { width } = pageFor(process.stderr)
  const lines = text.split('\n').flatMap((line) => wrapLine(line, width))
  console.error(`\n${lines.join('\n')}`)
}

/** Refuses services that --restart cannot restart, before anything is booted. */
function refuseContainers({ monitoring = false }: WantedExtras, { backend, containers }: Options): void {
  if (backend === 'docker') throw restartRefused('STRESS_BACKEND is docker')
  if (containers.foreign !== undefined) throw restartRefused('SMTP_IMAGE is set')
  if (monitoring) throw restartRefused('--monitoring starts containers')
}

function restartRefused(why: string): MailstormError {
  return new MailstormError(
    'BAD_OPTIONS',
    `Failed to start services: --restart restarts processes of this machine, not containers, and ${why}.`,
    'Drop --restart, or use processes: STRESS_BACKEND=embedded, without SMTP_IMAGE and --monitoring.',
  )
}

/** Optional packages needed by what is started. */
function packagesFor(wanted: WantedExtras, { backend }: Options): string[] {
  const postgres = wanted.postgres || wanted.proxy
  return [
    ...(wanted.proxy ? PROXY_PACKAGES : []),
    ...(wanted.tenants ? TENANT_PACKAGES : []),
    ...(postgres ? postgresPackages(backend) : []),
    ...(wanted.monitoring || backend === 'docker' ? ['testcontainers'] : []),
  ]
}

async function refuseSecond(root: string): Promise<void> {
  const state = await readState(root)
  if (state === undefined) return
  throw new MailstormError(
    'ALREADY_STARTED',
    `Failed to start services: process ${pidOf(state.keeper)} keeps some for this folder since ${state.startedAt}.`,
    `Use them (STRESS_BACKEND=started), or stop them with "${packageCommand('mailstorm stop')}".`,
  )
}

function describeServer(server: RunningSmtpServer) {
  const { name, host, port, pid } = server
  return {
    name,
    host,
    port,
    pid,
    implicitTlsPort: server.implicitTlsPort ?? null,
    ca: server.ca ?? null,
    noLedger: server.noLedger ?? null,
  }
}

function print(kept: readonly KeptService[], servers: Servers, notes: readonly string[]): void {
  const width = Math.max(...kept.map(({ name }) => name.length))
  console.log(`\nRunning (${servers.backend.name}):`)
  for (const { name, address } of kept) console.log(`  ${name.padEnd(width)}  ${address}`)
  console.log(`
A stress run on them:   STRESS_BACKEND=started ${packageCommand('vitest run --config vitest.stress.config.ts -t burst')}
State, logs, end:       ${packageCommand('mailstorm status | logs | stop')}     (or Ctrl-C here)
${notes.map((note) => `${note}\n`).join('')}`)
}

/** What to start besides the SMTP servers. */
export interface WantedExtras {
  readonly mailhog?: boolean
  readonly postgres?: boolean
  /** With the MailHog and PostgreSQL that it needs. */
  readonly proxy?: boolean
  readonly tenants?: boolean
  /** Prometheus and Grafana. */
  readonly monitoring?: boolean
}

export interface ExtrasRig {
  readonly backend: 'docker' | 'embedded'
  readonly options: Options
  /** From the usual port to the one to use; 0: any free one. */
  portFor(usual: number): number
  readonly keeper: ServiceKeeper
  /** Disposes of them. */
  readonly stack: DisposableParts
}

export interface Extras {
  /** Lines for the user, printed below the list of services. */
  readonly notes: readonly string[]
  /** Port on which stress runs in this folder should serve their figures; undefined without a Prometheus. */
  readonly metricsPort: number | undefined
}

/** Port and token of genro-mail-proxy's pressure test. */
const PROXY_PORT = 8000
const PROXY_TOKEN = 'pressure-test-token'
export async function bootExtras(wanted: WantedExtras, rig: ExtrasRig): Promise<Extras> {
  const { stack, keeper } = rig
  const keep: Keep = (service, address) => void stack.use(keeper.keep(service, address))
  const monitoring = wanted.monitoring ? stack.use(await bootMonitoring(rig)) : undefined
  const mailhog = wanted.mailhog || wanted.proxy ? await bootMailhog(rig) : undefined
  if (mailhog) keep(mailhog, `smtp://${mailhog.host}:${mailhog.smtpPort} and ${mailhog.apiUrl}`)
  const postgres = wanted.postgres || wanted.proxy ? await bootPostgres(rig) : undefined
  if (postgres) keep(postgres, postgres.url)
  const proxy = wanted.proxy && postgres ? await bootProxy(postgres.url, rig) : undefined
  if (proxy) keep(proxy, proxy.url)
  if (monitoring) keep(monitoring.prometheus, monitoring.prometheus.url)
  if (monitoring) keep(monitoring.grafana, `${monitoring.grafana.url} (admin/admin)`)
  const notes = wanted.tenants ? await bootTenants(rig, { mailhog, proxy, token: tokenOf(), keep }) : []
  return {
    notes: [...proxyNotes(proxy), ...notes],
    metricsPort: monitoring?.runMetricsPort,
  }
}

async function bootMonitoring({ backend, options }: ExtrasRig): Promise<Monitoring> {
  if (backend === 'docker') {
    const { startMonitoring } = await import('../../containers/monitoring.ts')
    return startMonitoring(options.containers.monitoring)
  }
  throw new MailstormError(
    'BAD_OPTIONS',
    'Failed to start the monitoring: Prometheus and Grafana run in containers, and the backend is embedded.',
    'Start a container engine and set STRESS_BACKEND=docker; or run Prometheus by hand: prometheus --config.file=deploy/monitoring/prometheus.yml',
  )
}

function bootMailhog({ backend, options }: ExtrasRig): Promise<RunningMailhog> {
  const { sink, mailhogImage, nodeImage } = options.containers
  // When started by hand nobody says how large messages will be: the real MailHog is slow with large ones, not
  // wrong.
  return sinkFor({ backend, sink, largestMessageBytes: 0, mailhogImage, nodeImage }).start()
}

async function bootPostgres({ backend, options, keeper }: ExtrasRig): Promise<RunningPostgres> {
  if (backend === 'embedded') return embeddedPostgres({ keepsData: keeper.options.restarts }).start()
  const { dockerPostgres } = await import('../../containers/postgres/docker.ts')
  return dockerPostgres({ image: options.containers.postgresImage }).start()
}

/** A local process with any backend; takes the user's GMP_* variables. */
function bootProxy(databaseUrl: string, { portFor }: ExtrasRig): Promise<RunningProxyService> {
  const given = variablesWith('GMP_')
  const ours = { GMP_DB_PATH: databaseUrl, GMP_PORT: given.GMP_PORT ?? String(portFor(PROXY_PORT)) }
  return embeddedProxy({ databaseUrl, apiToken: tokenOf(), environment: { ...given, ...ours } }).start()
}

function tokenOf(): string {
  return variable('GMP_API_TOKEN') ?? PROXY_TOKEN
}

function proxyNotes(proxy: RunningProxyService | undefined): string[] {
  if (proxy === undefined) return []
  const tokenName = variable('GMP_API_TOKEN') === undefined ? PROXY_TOKEN : 'as in GMP_API_TOKEN'
  return [`The proxy's metrics:    curl ${proxy.url}/metrics     (token of its API: ${tokenName})`]
}

/** From now on the service is watched, and stopped with the others. */
export type Keep = (service: RunningService, address: string) => void

/**
 * In base64 it stays below the 1 MB that the real MailHog accepts in reasonable time (containers/mailhog.ts).
 */
const MAILHOG_ATTACHMENT_BYTES = 700 * 1024

interface Around {
  readonly mailhog: RunningMailhog | undefined
  readonly proxy: RunningProxyService | undefined
  /** The proxy's token. */
  readonly token: string
  readonly keep: Keep
}

/** One process per profile, registered with the proxy if there is one. Resolves with the lines to print. */
async function bootTenants(rig: ExtrasRig, around: Around): Promise<string[]> {
  const capped = rig.backend === 'docker' && rig.options.containers.sink === 'mailhog'
  const tenants = await boot(rig, around.keep, capped ? { maxAttachmentBytes: MAILHOG_ATTACHMENT_BYTES } : {})
  const { mailhog, proxy, token } = around
  if (proxy !== undefined && mailhog !== undefined) {
    const smtp = { host: mailhog.host, port: mailhog.smtpPort }
    const { setUpTenants } = await import('../programs/tenants/set-up.ts')
    await setUpTenants({ proxyUrl: proxy.url, token, dialect: 'classic', smtp, tenants })
  }
  const kilobytes = MAILHOG_ATTACHMENT_BYTES / 1024
  return [
    "Tenants' statistics:    curl http://127.0.0.1:8081/stats     (8082, 8084, 8085)",
    ...(capped
      ? [`Attachments of tenants: cut to ${kilobytes} KB for MailHog; SINK=mailstorm takes them whole`]
      : []),
  ]
}

type BootedTenant = TenantSetUp & { readonly running: RunningTenantService }

async function boot(
  rig: ExtrasRig,
  keep: Keep,
  cap: { readonly maxAttachmentBytes?: number },
): Promise<BootedTenant[]> {
  const { options, portFor } = rig
  const common = { ...options.tenants, ...cap, seed: options.seed, runId: Date.now().toString(36) }
  const { createTenant } = await import('../programs/tenants/tenant.ts')
  const boots = PROFILE_NAMES.map(async (profile) => {
    const port = portFor(PROFILE_PORTS[profile])
    const running = await embeddedTenant({ ...common, profile, port }).start()
    const { facts, auth } = createTenant({ ...common, profile })
    return { running, tenant: { facts, auth }, baseUrl: running.url }
  })
  // Wait for all, so that those that started are stopped when another failed.
  const settled = await Promise.allSettled(boots)
  for (const booted of settled)
    if (booted.status === 'fulfilled') keep(booted.value.running, booted.value.running.url)
  return settled.map((booted) => {
    if (booted.status === 'rejected') throw booted.reason
    return booted.value
  })
}
