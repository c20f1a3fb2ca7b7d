import { DisposableParts } from '../../disposable-stack.ts'
import { errorText, MailstormError } from '../../error.ts'
import { Api } from './api/api.ts'
import { Attachments } from './attachments/attachments.ts'
import { LargeFiles } from './attachments/large-files.ts'
import type { Intercept } from './attachments/reach.ts'
import { BounceLoop } from './bounces/bounce-loop.ts'
import { Dispatcher } from './dispatch/dispatcher.ts'
import { Log } from './log.ts'
import { Loop } from './loop.ts'
import { Metrics } from './metrics.ts'
import { type ProxyConfig, type ProxyOptions, proxyConfig } from './options.ts'
import { failOrphans } from './store/accounts.ts'
import { Database } from './store/database.ts'
import { Doorbell } from './store/doorbell.ts'
import { forgetCommands } from './store/instance.ts'
import { forget } from './store/messages.ts'
import { SyncLoop } from './sync/sync-loop.ts'

export interface Proxy {
  /** Resolves when its API answers and its loops run. */
  start(): Promise<RunningProxy>
}

export interface RunningProxy extends AsyncDisposable {
  /** URL of its API, such as `http://127.0.0.1:8000`. */
  readonly url: string
  /** Takes up to `stopTimeoutMs` plus time for the database: messages being sent end, the rest is released. */
  stop(): Promise<void>
}

const HOUSEKEEPING_MS = 60_000

/** What only the surrounding process can provide. */
export interface ProxyHooks {
  /** Sits in front of its calls to tenants and URLs, and may answer them. */
  readonly intercept?: Intercept
}

/** A mail proxy on PostgreSQL; any number may share a database. Throws at once when the options are wrong. */
export function createProxy(options: ProxyOptions, hooks: ProxyHooks = {}): Proxy {
  const config = proxyConfig(options)
  return { start: () => start(config, hooks) }
}

export async function start(config: ProxyConfig, hooks: ProxyHooks = {}): Promise<RunningProxy> {
  await using parts = new DisposableParts()
  try {
    const url = await started(config, parts, hooks)
    return running(url, parts.move())
  } catch (error) {
    // The first error is the one to report.
    await parts.disposeAsync().catch(ignore)
    if (error instanceof MailstormError) throw error
    throw new MailstormError('PROXY_START', `Failed to start the proxy: ${errorText(error)}.`)
  }
}

/** Assembles and starts the parts, and resolves with the URL of the API. */
async function started(
  config: ProxyConfig,
  parts: DisposableParts,
  { intercept }: ProxyHooks,
): Promise<string> {
  const log = new Log(config.logLevel)
  const metrics = new Metrics()
  const db = connected(config, log)
  parts.defer(() => db.close())
  await db.migrate()
  const largeFiles = LargeFiles.of(db, config)
  const attachments = await Attachments.open({ config, metrics, log, largeFiles, intercept })
  parts.defer(() => attachments.close())
  const openAttachments = attachments.of.bind(attachments)
  const dispatcher = new Dispatcher({ db, config, log, metrics, openAttachments })
  const sync = new SyncLoop({ db, config, log, metrics }, intercept)
  const bounces = new BounceLoop({ db, config, log, metrics })
  const housekeeping = new Loop({
    name: 'housekeeping',
    intervalMs: HOUSEKEEPING_MS,
    log,
    cycle: async () => {
      await failOrphans(db)
      await forget(db, config.retentionMs)
      await forgetCommands(db, config.retentionMs)
      await largeFiles?.tidy()
    },
  })
  // In parallel: neither waits for the other, and the time limit applies to both.
  const { stopTimeoutMs } = config
  parts.defer(async () => {
    await Promise.all([
      dispatcher.stop(stopTimeoutMs),
      sync.stop(stopTimeoutMs),
      bounces.stop(),
      housekeeping.stop(),
    ])
  })
  const bells = { messages: () => dispatcher.wake(), sync: () => sync.wake() }
  const doorbell = new Doorbell(config.databaseUrl, (bell) => bells[bell]())
  parts.defer(() => doorbell.close())
  await doorbell.open()
  const api = new Api({ db, config, log, metrics, largeFiles, wake: bells.messages })
  parts.defer(() => api.close(stopTimeoutMs))
  const url = await api.listen()
  dispatcher.start()
  sync.start()
  bounces.start()
  housekeeping.wake()
  log.info('started', { url })
  return url
}

function connected({ databaseUrl: url, databaseConnections: connections }: ProxyConfig, log: Log): Database {
  const onIdleError = ({ message }: Error) =>
    log.warning('a database connection was lost', { error: message })
  return new Database({ url, connections, onIdleError })
}

function running(url: string, parts: DisposableParts): RunningProxy {
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= parts.disposeAsync()
    return stopping
  }
  return { url, stop, [Symbol.asyncDispose]: stop }
}

/** The proxy did not start, for a reason that is reported. */
function ignore(): void {}
