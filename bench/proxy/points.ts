import pidusage from 'pidusage'
import { embeddedMailhog, type RunningMailhog } from '../../containers/mailhog.ts'
import type { RunningPostgres } from '../../containers/postgres/postgres.ts'
import { embeddedProxy, type RunningProxyService } from '../../containers/proxy.ts'
import { startRealProxy } from '../../test/genro/real-proxy.ts'
import { newDatabase } from '../../test/proxy/new-database.ts'
import { arrivals, rateBetween } from './arrivals.ts'
import { type Api, enqueue, post, setUp, TENANT } from './queue.ts'

/** One thing to measure. */
export interface Point {
  readonly name: string
  measure(postgres: RunningPostgres): Promise<Measured>
}

export interface Measured {
  readonly messagesPerSecond: number
  /** User and system time of all the proxies while they sent; of the real one it is not read. */
  readonly cpuMsPerMessage?: number
}

/** Before the connections stand and the code is compiled. */
const WARM_UP = 1_000

/** From the release of a full queue to its end. */
export function drain(proxies: number, messages: number, other?: OtherProxy): Point {
  const name = `${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}, ${messages} messages`
  return {
    name: other === undefined ? name : `${name}, ${other.name}`,
    measure: (postgres) =>
      withProxies(postgres, proxies, other?.start ?? embeddedProxy, async (api, sink, cpuMs) => {
        await queued(api, messages)
        const before = await cpuMs()
        await release(api)
        const seen = await arrivals(sink, messages)
        const cpuMsPerMessage = ((await cpuMs()) - before) / messages
        return { messagesPerSecond: rateBetween(seen, 0, messages), cpuMsPerMessage }
      }),
  }
}

/** A proxy that is not the one of this commit. */
export interface OtherProxy {
  readonly name: string
  readonly start: typeof embeddedProxy
}

/** While at least `backlog` messages wait behind those that are counted. */
export function withBacklog(backlog: number, messages: number): Point {
  return {
    name: `1 proxy, ${messages} messages before a backlog of ${backlog}`,
    measure: (postgres) =>
      withProxies(postgres, 1, embeddedProxy, async (api, sink) => {
        await queued(api, WARM_UP + messages + backlog)
        await release(api)
        const seen = await arrivals(sink, WARM_UP + messages)
        return { messagesPerSecond: rateBetween(seen, WARM_UP, WARM_UP + messages) }
      }),
  }
}

/** Below the 1,000 results after which it slows down. */
const BEFORE_THE_CLIFF = 900
const REAL_WARM_UP = 100

export function realProxy(python: string): Point {
  return {
    name: `genro-mail-proxy 0.6.10, ${BEFORE_THE_CLIFF} messages`,
    async measure(postgres) {
      await using sink = await embeddedMailhog({ digestOnly: true }).start()
      const databaseUrl = await newDatabase(postgres.url)
      await using proxy = await startRealProxy({ python, databaseUrl, token: TOKEN })
      await setUp(proxy, sink.smtpPort)
      await enqueue(proxy, BEFORE_THE_CLIFF)
      const seen = await arrivals(sink, BEFORE_THE_CLIFF)
      return { messagesPerSecond: rateBetween(seen, REAL_WARM_UP, BEFORE_THE_CLIFF) }
    },
  }
}

/** All is in the queue before the first is sent. */
async function queued(api: Api, messages: number): Promise<void> {
  await post(api, '/commands/suspend', { tenant_id: TENANT })
  await enqueue(api, messages)
}

async function release(api: Api): Promise<void> {
  await post(api, '/commands/activate', { tenant_id: TENANT })
}

const TOKEN = 'bench-token'

async function withProxies(
  postgres: RunningPostgres,
  count: number,
  start: typeof embeddedProxy,
  measure: (api: Api, sink: RunningMailhog, cpuMs: () => Promise<number>) => Promise<Measured>,
): Promise<Measured> {
  const databaseUrl = await newDatabase(postgres.url)
  await using parts = new AsyncDisposableStack()
  const sink = parts.use(await embeddedMailhog({ digestOnly: true }).start())
  const proxies: RunningProxyService[] = []
  for (let n = 0; n < count; n++)
    proxies.push(parts.use(await start({ databaseUrl, apiToken: TOKEN }).start()))
  const api = { url: proxies[0]?.url ?? '', token: TOKEN }
  await setUp(api, sink.smtpPort)
  const cpuMs = async () => {
    const usages = await Promise.all(proxies.map(({ pid }) => pidusage(pid)))
    return usages.reduce((sum, { ctime }) => sum + ctime, 0)
  }
  return await measure(api, sink, cpuMs)
}
