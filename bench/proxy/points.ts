import { embeddedMailhog, type RunningMailhog } from '../../containers/mailhog.ts'
import type { RunningPostgres } from '../../containers/postgres.ts'
import { embeddedProxy } from '../../containers/proxy.ts'
import { startRealProxy } from '../../test/genro/real-proxy.ts'
import { newDatabase } from '../../test/proxy/new-database.ts'
import { arrivals, rateBetween } from './arrivals.ts'
import { type Api, enqueue, post, setUp, TENANT } from './queue.ts'

/** One thing to measure; gives messages per second. */
export interface Point {
  readonly name: string
  measure(postgres: RunningPostgres): Promise<number>
}

/** Before the connections stand and the code is compiled. */
const WARM_UP = 1_000

/** From the release of a full queue to its end. */
export function drain(proxies: number, messages: number): Point {
  return {
    name: `${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}, ${messages} messages`,
    measure: (postgres) =>
      withProxies(postgres, proxies, async (api, sink) => {
        await queueFull(api, messages)
        const seen = await arrivals(sink, messages)
        return rateBetween(seen, 0, messages)
      }),
  }
}

/** While at least `backlog` messages wait behind those that are counted. */
export function withBacklog(backlog: number, messages: number): Point {
  return {
    name: `1 proxy, ${messages} messages before a backlog of ${backlog}`,
    measure: (postgres) =>
      withProxies(postgres, 1, async (api, sink) => {
        await queueFull(api, WARM_UP + messages + backlog)
        const seen = await arrivals(sink, WARM_UP + messages)
        return rateBetween(seen, WARM_UP, WARM_UP + messages)
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
      return rateBetween(seen, REAL_WARM_UP, BEFORE_THE_CLIFF)
    },
  }
}

/** All is in the queue before the first is sent. */
async function queueFull(api: Api, messages: number): Promise<void> {
  await post(api, '/commands/suspend', { tenant_id: TENANT })
  await enqueue(api, messages)
  await post(api, '/commands/activate', { tenant_id: TENANT })
}

const TOKEN = 'bench-token'

async function withProxies(
  postgres: RunningPostgres,
  count: number,
  measure: (api: Api, sink: RunningMailhog) => Promise<number>,
): Promise<number> {
  const databaseUrl = await newDatabase(postgres.url)
  await using parts = new AsyncDisposableStack()
  const sink = parts.use(await embeddedMailhog({ digestOnly: true }).start())
  const urls: string[] = []
  for (let n = 0; n < count; n++)
    urls.push(parts.use(await embeddedProxy({ databaseUrl, apiToken: TOKEN }).start()).url)
  const api = { url: urls[0] ?? '', token: TOKEN }
  await setUp(api, sink.smtpPort)
  return await measure(api, sink)
}
