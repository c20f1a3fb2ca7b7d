import { embeddedPostgres } from '../../containers/postgres/postgres.ts'
import { type RealProxy, startRealProxy } from './real-proxy.ts'

export interface StandOptions {
  readonly python: string
  readonly instances: number
  /** Of the first, the others follow; undefined = any free ones. */
  readonly port?: number | undefined
  readonly cacheFolder?: string | undefined
}

export interface Stand extends AsyncDisposable {
  readonly proxies: readonly RealProxy[]
  /** What makes a pressure run press these. */
  readonly environment: {
    readonly PROXY_URL: string
    readonly PROXY_TOKEN: string
    readonly PROXY_DATABASE_URL: string
  }
}

/** The admin token of genro-mail-proxy's pressure test. */
const TOKEN = 'pressure-test-token'

/** Real genro-mail-proxies on one PostgreSQL, which is empty and goes with them. */
export async function startStand({ instances, port, ...options }: StandOptions): Promise<Stand> {
  await using begun = new AsyncDisposableStack()
  const postgres = begun.use(await embeddedPostgres().start())
  const proxies: RealProxy[] = []
  // One after another: each creates the tables that are not there.
  for (let n = 0; n < instances; n++) {
    const place = { databaseUrl: postgres.url, port: port === undefined ? undefined : port + n }
    proxies.push(begun.use(await startRealProxy({ ...options, ...place, token: TOKEN })))
  }
  const parts = begun.move()
  return {
    proxies,
    environment: {
      PROXY_URL: proxies.map(({ url }) => url).join(','),
      PROXY_TOKEN: TOKEN,
      PROXY_DATABASE_URL: postgres.url,
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
