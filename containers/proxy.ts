import { fileURLToPath } from 'node:url'
import { LOOPBACK } from '../src/listening.ts'
import { EmbeddedProcess, EmbeddedService } from './embedded-process.ts'
import type { RunningService, Service } from './service.ts'

export interface ProxyServiceOptions {
  /** Default: `proxy`. */
  readonly name?: string
  /** URL of PostgreSQL; several proxies may share it. */
  readonly databaseUrl: string
  /** The admin token. Without it the API is open to everybody on loopback. */
  readonly apiToken?: string
  /** Undefined: any free port. */
  readonly port?: number
  /** Further GMP_* variables of the proxy, such as GMP_POOL_SIZE. */
  readonly environment?: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
}

export interface RunningProxyService extends RunningService {
  readonly host: string
  readonly port: number
  /** URL of the API, such as `http://127.0.0.1:8000`. */
  readonly url: string
  readonly pid: number
}

const PROGRAM = fileURLToPath(new URL('../src/programs/proxy/main.ts', import.meta.url))
/** The proxy's own limit for a stop, 10 s by default, plus time for the database. */
const STOP_WITHIN_MS = 20_000

/** Our mail proxy as a local process. */
export function embeddedProxy(options: ProxyServiceOptions): Service<RunningProxyService> {
  const { name = 'proxy', readyWithinMs } = options
  const start = async (samePort?: number): Promise<RunningProxyService> => {
    const program = await EmbeddedProcess.start({
      name,
      program: PROGRAM,
      env: { ...environmentOf(options), ...(samePort === undefined ? {} : { GMP_PORT: String(samePort) }) },
      stopWithinMs: STOP_WITHIN_MS,
      ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
    })
    return new EmbeddedProxy(name, program, start)
  }
  return { start: () => start() }
}

function environmentOf({ databaseUrl, apiToken = '', port = 0, environment }: ProxyServiceOptions) {
  return {
    GMP_DB_PATH: databaseUrl,
    GMP_API_TOKEN: apiToken,
    GMP_HOST: LOOPBACK,
    GMP_PORT: String(port),
    ...environment,
  }
}

class EmbeddedProxy extends EmbeddedService implements RunningProxyService {
  readonly port: number
  readonly url: string
  readonly #startOn: (port: number) => Promise<RunningProxyService>

  constructor(
    name: string,
    program: EmbeddedProcess,
    startOn: (port: number) => Promise<RunningProxyService>,
  ) {
    super(name, program)
    this.#startOn = startOn
    this.port = Number(program.readyLine.port)
    this.url = String(program.readyLine.url)
  }

  startAgain(): Promise<RunningProxyService> {
    return this.#startOn(this.port)
  }
}
