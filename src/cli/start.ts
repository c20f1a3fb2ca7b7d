import { type KeptService, serveKeeper } from '../../containers/keeper/api.ts'
import { readState, removeState, writeState } from '../../containers/keeper/state.ts'
import { identityOf, pidOf } from '../../containers/process-identity.ts'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { type Servers, startServers } from '../../fixtures/servers.ts'
import { onEndSignal } from '../end-signals.ts'
import { MailstormError } from '../error.ts'
import { readOptions } from '../options.ts'
import { bootExtras, type WantedExtras, withAddress } from './start-extras.ts'

/** Boots the services, prints where they are, and keeps them until a signal to end or `stop`. */
export async function start(wanted: WantedExtras): Promise<void> {
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
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let isEnding = false
  onEndSignal(() => {
    // Once more: what hangs is left to `mailstorm clean`.
    if (isEnding) process.exit(1)
    isEnding = true
    end()
  })
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers(options))
  const backend = servers.backend.name === 'docker' ? 'docker' : 'embedded'
  const extras = await bootExtras(wanted, { backend, options, stack, portFor: (usual) => usual })
  const kept = [...smtpServices(servers), ...extras.kept]
  const { server, port } = await serveKeeper(kept, servers.booted)
  stack.defer(() => void server.close())
  stack.defer(() => removeState(root))
  await writeState(root, {
    keeper: identityOf(process.pid),
    startedAt: new Date().toISOString(),
    backend: { ...servers.backend, name: backend },
    apiPort: port,
    servers: servers.booted.map(describeServer),
    ...(extras.metricsPort === undefined ? {} : { metricsPort: extras.metricsPort }),
  })
  print(kept, servers, extras.notes)
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
A stress run on them:   STRESS_BACKEND=started npx vitest run --config vitest.stress.config.ts -t burst
State, logs, end:       npx mailstorm status | logs | stop     (or Ctrl-C here)
${notes.map((note) => `${note}\n`).join('')}`)
}
