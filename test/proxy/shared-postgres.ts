import type { TestProject } from 'vitest/node'
import { embeddedPostgres, type RunningPostgres } from '../../containers/postgres/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a PostgreSQL that runs as long as the tests do. */
    postgresUrl: string
  }
}

let postgres: RunningPostgres | undefined

/** Boots the PostgreSQL in which `freshDatabases` makes its databases, once for all files. */
export async function setup(project: TestProject): Promise<void> {
  // Several files at once, each with up to three proxies and their pools; nothing has to survive a crash.
  postgres = await embeddedPostgres({ settings: { max_connections: '600', fsync: 'off' } }).start()
  project.provide('postgresUrl', postgres.url)
}

export async function teardown(): Promise<void> {
  await postgres?.stop()
}
