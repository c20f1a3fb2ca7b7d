import { once } from 'node:events'
import { type KeptService, serveKeeper } from '../../containers/keeper/api.ts'
import { readState, removeState, writeState } from '../../containers/keeper/state.ts'
import { embeddedPostgres } from '../../containers/postgres.ts'
import { dockerPostgres } from '../../containers/postgres-docker.ts'
import { identityOf, pidOf } from '../../containers/process-identity.ts'
import type { RunningService, Usage } from '../../containers/service.ts'
import { sinkFor } from '../../containers/sink.ts'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { type Servers, startServers } from '../../fixtures/servers.ts'
import { MailstormError } from '../error.ts'
import { type ContainerOptions, readOptions } from '../options.ts'

export interface StartOptions {
  readonly mailhog?: boolean
  readonly postgres?: boolean
}

/** Boots the services, prints where they are, and keeps them until SIGINT, SIGTERM or `stop`. */
export async function start(wanted: StartOptions): Promise<void> {
  const root = process.cwd()
  await refuseSecond(root)
  const options = readOptions(process.env)
  if (options.backend === 'external' || options.backend === 'started') {
    throw new MailstormError(
      'BAD_OPTIONS',
      `Failed to start services: STRESS_BACKEND or SMTP_TARGETS asks for "${options.backend}" ones, which run already.`,
      'Unset them, or set STRESS_BACKEND to embedded or docker.',
    )
  }
  // From here on a signal is remembered and ends what was booted, however far that is.
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers(options))
  const kept = [
    ...smtpServices(servers),
    ...(await extraServices(wanted, servers.backend.name, options.containers, stack)),
  ]
  const { server, port } = await serveKeeper(kept, servers.booted)
  stack.defer(() => void server.close())
  stack.defer(() => removeState(root))
  await writeState(root, {
    keeper: identityOf(process.pid),
    startedAt: new Date().toISOString(),
    backend:
      servers.backend.name === 'docker'
        ? { ...servers.backend, name: 'docker' }
        : { ...servers.backend, name: 'embedded' },
    apiPort: port,
    servers: servers.booted.map(describeServer),
  })
  print(kept, servers)
  await ended
  console.log('Stopping …')
}

async function refuseSecond(root: string): Promise<void> {
  const state = await readState(root)
  if (state === undefined) return
  throw new MailstormError(
    'ALREADY_STARTED',
    `Failed to start services: process ${pidOf(state.keeper)} keeps some for this folder since ${state.startedAt}.`,
    'Use them (STRESS_BACKEND=started), or end them with "npx mailstorm stop".',
  )
}

function smtpServices(servers: Servers): KeptService[] {
  return servers.booted.map((server) => withAddress(server, `smtp://${server.host}:${server.port}`))
}

async function extraServices(
  wanted: StartOptions,
  backend: Servers['backend']['name'],
  containers: ContainerOptions,
  stack: AsyncDisposableStack,
): Promise<KeptService[]> {
  const { sink, mailhogImage, nodeImage, postgresImage: image } = containers
  const docker = backend === 'docker'
  const services: KeptService[] = []
  if (wanted.mailhog === true) {
    // By hand nobody says how large the messages will be: the real MailHog is slow with large ones, not wrong.
    const choice = {
      backend: docker ? 'docker' : 'embedded',
      sink,
      largestMessageBytes: 0,
      mailhogImage,
      nodeImage,
    } as const
    const mailhog = stack.use(await sinkFor(choice).start())
    services.push(withAddress(mailhog, `smtp://${mailhog.host}:${mailhog.smtpPort} and ${mailhog.apiUrl}`))
  }
  if (wanted.postgres === true) {
    const postgres = stack.use(await (docker ? dockerPostgres({ image }) : embeddedPostgres()).start())
    services.push(withAddress(postgres, postgres.url))
  }
  return services
}

type Measurable = RunningService & { usage(): Promise<Usage | undefined> }

/** Not a copy: a service's state is asked of itself. */
function withAddress(service: Measurable, address: string): KeptService {
  return Object.defineProperty(service, 'address', { value: address }) as KeptService
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

function print(kept: readonly KeptService[], servers: Servers): void {
  const width = Math.max(...kept.map(({ name }) => name.length))
  console.log(`\nRunning (${servers.backend.name}):`)
  for (const { name, address } of kept) console.log(`  ${name.padEnd(width)}  ${address}`)
  console.log(`
A stress run on them:   STRESS_BACKEND=started npx vitest run --config vitest.stress.config.ts -t burst
State, logs, end:       npx mailstorm status | logs | stop     (or Ctrl-C here)
`)
}
