import { KeeperClient } from '../../containers/keeper/api.ts'
import { requireState } from '../../containers/keeper/state.ts'
import { stampOf } from '../../fixtures/stamp.ts'
import { addLogArchive } from '../analysis/log-archive.ts'
import { MailstormError } from '../error.ts'
import { readOptions } from '../options.ts'
import { numberFlag } from './number-flag.ts'

const ALL_LINES = 1_000_000

export interface LogsOptions {
  readonly lines: string
  readonly archive?: boolean
}

/** Prints the ends of the services' logs, or archives all of them. */
export async function logs(
  service: string | undefined,
  { lines, archive = false }: LogsOptions,
): Promise<void> {
  const count = numberFlag({ flag: '--lines', given: lines, min: 1, max: ALL_LINES, whole: true })
  const keeper = new KeeperClient(await requireState(process.cwd()))
  const known = (await keeper.status()).map(({ name }) => name)
  if (service !== undefined && !known.includes(service)) {
    throw new MailstormError('UNKNOWN_SERVICE', `Failed to find "${service}": there are ${known.join(', ')}.`)
  }
  const names = service === undefined ? known : [service]
  if (archive) return archiveLogs(keeper, names)
  for (const name of names) {
    const tail = await keeper.logs(name, count)
    console.log(`==> ${name}${tail.length === 0 ? ' wrote nothing' : ''}`)
    for (const line of tail) console.log(line)
  }
}

async function archiveLogs(keeper: KeeperClient, names: readonly string[]): Promise<void> {
  const at = new Date()
  const files = await Promise.all(
    names.map(async (name) => ({ name: `${name}.log`, lines: await keeper.logs(name, ALL_LINES) })),
  )
  const path = await addLogArchive(readOptions(process.env).resultsDir, stampOf(at), files, at)
  console.log(`Written: ${path}`)
}
