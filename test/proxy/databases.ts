import { inject } from 'vitest'
import { newDatabase } from './new-database.ts'

/** Each call gives the URL of a new database in the PostgreSQL that the files of this project share. */
export function freshDatabases(): () => Promise<string> {
  return () => newDatabase(inject('postgresUrl'))
}
