import { PostgreSqlContainer } from '@testcontainers/postgresql'
import { BoundPorts, Wait } from 'testcontainers'
import { type ContainerSettings, type RunningContainer, startContainer } from '../docker/container.ts'
import { ContainerService } from '../docker/container-service.ts'
import { Engine } from '../docker/engine.ts'
import { type DockerOptions, type Limits, READY_WITHIN_MS } from '../docker/options.ts'
import type { Service } from '../service.ts'
import {
  loginOf,
  type PostgresLogin,
  type PostgresOptions,
  type RunningPostgres,
  settingsOf,
  urlOf,
} from './postgres.ts'

export interface DockerPostgresOptions extends PostgresOptions, DockerOptions {
  readonly image?: string
}

export const POSTGRES_IMAGE = 'postgres:17-alpine'
/** As in genro-mail-proxy's pressure test. */
const LIMITS: Limits = { cpus: 2, memoryBytes: 1024 ** 3 }
const PORT = 5432
/** The engine's default of 64 MB is too small for parallel queries with this work_mem. */
const SHARED_MEMORY_BYTES = 256 * 1024 ** 2

/** PostgreSQL in a container, by Testcontainers' own module. */
export function dockerPostgres(options: DockerPostgresOptions = {}): Service<RunningPostgres> {
  const { readyWithinMs = READY_WITHIN_MS } = options
  const login = loginOf(options)
  return {
    async start() {
      const engine = await Engine.connect()
      const healthy = Wait.forHealthCheck().withStartupTimeout(readyWithinMs)
      const plan = {
        name: options.name ?? 'postgres',
        image: options.image ?? POSTGRES_IMAGE,
        ports: { [PORT]: options.port ?? 0 },
        environment: { POSTGRES_INITDB_ARGS: '--data-checksums' },
        command: ['postgres', ...settingsOf(options)],
        limits: options.limits ?? LIMITS,
        readyWithinMs,
        note: options.note ?? console.info,
        ready: ({ handle }: RunningContainer) => healthy.waitUntilReady(handle, new BoundPorts()),
      }
      const container = await startContainer(
        engine,
        plan,
        (settings) => new ConfiguredPostgres(settings, login),
      )
      return new ContainerPostgres(container, login)
    },
  }
}

class ConfiguredPostgres extends PostgreSqlContainer {
  readonly #settings: ContainerSettings

  constructor(settings: ContainerSettings, { database, user, password }: PostgresLogin) {
    super(settings.plan.image)
    this.#settings = settings
    settings.applyTo(this, this.createOpts, this.hostConfig)
    this.networkMode = settings.network
    this.withDatabase(database).withUsername(user).withPassword(password)
    this.withSharedMemorySize(SHARED_MEMORY_BYTES)
    // Like the module's own check, but without a shell, which would break on quotes in names and passwords. The
    // temporary server that sets up the database does not listen on TCP, so this succeeds only when everything
    // is done.
    this.withHealthCheck({
      test: ['CMD', 'pg_isready', '--host', 'localhost', '--username', user, '--dbname', database],
      interval: 250,
      timeout: 1_000,
      retries: 1_000,
    })
  }

  protected override containerCreated(id: string): Promise<void> {
    return this.#settings.created(id)
  }
}

class ContainerPostgres extends ContainerService implements RunningPostgres {
  readonly port: number
  readonly url: string
  readonly database: string
  readonly user: string
  readonly password: string

  constructor(container: RunningContainer, login: PostgresLogin) {
    super(container)
    this.port = container.port(PORT)
    this.url = urlOf(login, this.host, this.port)
    this.database = login.database
    this.user = login.user
    this.password = login.password
  }
}
