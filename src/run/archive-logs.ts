import { join } from 'node:path'
import type { RunningService } from '../../containers/service.ts'
import type { Options } from '../options/options.ts'
import type { AnyResult } from '../pressure/result.ts'
import { makeFolder } from '../results/atomic-write.ts'
import { writeLogArchive } from '../results/log-archive.ts'
import { claimName } from '../results/run-name.ts'

/** The part of a service that has a log. */
export type Logged = Pick<RunningService, 'name' | 'logTail'>

/** More than any service keeps; logs are capped where they are written. */
const ALL_LINES = 1_000_000

/**
 * Archives the servers' logs beside the result of a failed run, or of every run with STRESS_LOGS=1. Resolves
 * with the archive's file name; undefined when none was written.
 */
export async function archiveLogs(
  result: AnyResult,
  servers: readonly Logged[],
  { keepLogs, resultsDir }: Options,
): Promise<string | undefined> {
  if (servers.length === 0 || (result.verdict !== 'FAILED' && !keepLogs)) return undefined
  const files = await Promise.all(
    servers.map(async (server) => ({ name: `${server.name}.log`, lines: await server.logTail(ALL_LINES) })),
  )
  try {
    await makeFolder(resultsDir)
    const name = `${await claimName(resultsDir, result)}-logs.tar.gz`
    await writeLogArchive(join(resultsDir, name), files, new Date())
    return name
  } catch (error) {
    // The figures are worth more than the logs: a failure here must not lose them.
    console.error(`Failed to archive the servers' logs in ${resultsDir}: ${(error as Error).message}`)
    return undefined
  }
}
