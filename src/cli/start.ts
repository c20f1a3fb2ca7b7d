import { serveKeeper } from '../../containers/keeper/api.ts'
import { type KeptService, ServiceKeeper } from '../../containers/keeper/service-keeper.ts'
import { readState, removeState, writeState } from '../../containers/keeper/state.ts'
import { identityOf, pidOf } from '../../containers/processes.ts'
import type { RunningSmtpServer } from '../../containers/smtp-server.ts'
import { type Servers, startServers } from '../../fixtures/servers.ts'
import { onEndSignal } from '../end-signals.ts'
import { MailstormError } from '../error.ts'
import { type Options, readOptions } from '../options.ts'
import { wrapLine } from '../render/width.ts'
import { pageFor } from './output.ts'
import { bootExtras, type WantedExtras } from './start-extras.ts'

export interface StartOptions extends WantedExtras {
  /** Brings back what ends by itself. */
  readonly restart?: boolean
}

/** Boots the services, prints where they are, and keeps them until a signal to end or `stop`. */
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
  const { restart = false } = wanted
  if (restart) refuseContainers(wanted, options)
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
  if (restart && backend === 'docker') throw restartRefused('the backend is docker')
  let save = async () => {}
  const keeper = new ServiceKeeper({
    restarts: restart,
    say: announce,
    cameBack: () => {
      save().catch((error: Error) => console.error(`Failed to note the new process: ${error.message}`))
    },
  })
  const smtp = servers.booted.map((server) => keeper.keep(server, `smtp://${server.host}:${server.port}`))
  stack.defer(() => Promise.all(smtp.map((server) => server.stop())).then(() => undefined))
  const extras = await bootExtras(wanted, { backend, options, keeper, stack, portFor: (usual) => usual })
  const { server, port } = await serveKeeper(keeper.services, smtp)
  stack.defer(() => void server.close())
  const startedAt = new Date().toISOString()
  let saved = Promise.resolve()
  // One after another: each of them goes through the same temporary file.
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

/** On stderr, so that it is seen where the output is piped on. */
function announce(text: string): void {
  const { width } = pageFor(process.stderr)
  const lines = text.split('\n').flatMap((line) => wrapLine(line, width))
  console.error(`\n${lines.join('\n')}`)
}

/** Of what --restart could not bring back: told before anything is booted. */
function refuseContainers({ monitoring = false }: WantedExtras, { backend, containers }: Options): void {
  if (backend === 'docker') throw restartRefused('STRESS_BACKEND is docker')
  if (containers.foreign !== undefined) throw restartRefused('SMTP_IMAGE is set')
  if (monitoring) throw restartRefused('--monitoring boots some')
}

function restartRefused(why: string): MailstormError {
  return new MailstormError(
    'BAD_OPTIONS',
    `Failed to start services: --restart brings back processes of this machine, not containers, and ${why}.`,
    'Leave --restart out, or have processes: STRESS_BACKEND=embedded, without SMTP_IMAGE and --monitoring.',
  )
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
