import { afterAll, beforeAll } from 'vitest'
import { embeddedPostgres, type RunningPostgres } from '../../containers/postgres/postgres.ts'
import { newDatabase } from './new-database.ts'

/** A PostgreSQL for the tests of one file; each call gives the URL of a database of its own in it. */
export function freshDatabases(
  start: () => Promise<Pick<RunningPostgres, 'url' | 'stop'>> = () => embeddedPostgres().start(),
): () => Promise<string> {
  let postgres: Pick<RunningPostgres, 'url' | 'stop'> | undefined
  beforeAll(async () => {
    postgres = await start()
  })
  afterAll(() => postgres?.stop())
  return async () => {
    if (postgres === undefined) throw new Error('PostgreSQL is not started')
    return newDatabase(postgres.url)
  }
}
