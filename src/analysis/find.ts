import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { MailstormError } from '../error.ts'
import { baselinePath } from './baseline.ts'

/** What a user may call a run: a path, a file of the results folder, with or without `.json`, a baseline's name. */
export async function findRunFile(name: string, resultsDir: string): Promise<string> {
  const places = [name, join(resultsDir, name), join(resultsDir, `${name}.json`), baselinePath(name)]
  for (const path of places) if (path !== undefined && (await exists(path))) return path
  throw new MailstormError(
    'RESULT_NOT_READ',
    `Failed to find "${name}": it is neither a file, nor one of ${resultsDir}, nor a baseline.`,
    'See "npx mailstorm list" for the results that there are, "npx mailstorm baseline list" for the baselines.',
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
