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
 * The result, with the logs of its services archived beside it when it failed, or with STRESS_LOGS=1 in any case; it
 * then names the archive.
 */
export async function withLogs<R extends AnyResult>(
  result: R,
  services: readonly Logged[],
  { keepLogs, resultsDir }: Options,
): Promise<R> {
  if (services.length === 0 || (result.verdict !== 'FAILED' && !keepLogs)) return result
  const files = await Promise.all(
    services.map(async (service) => ({
      name: `${service.name}.log`,
      lines: await service.logTail(ALL_LINES),
    })),
  )
  try {
    await makeFolder(resultsDir)
    const name = `${await claimName(resultsDir, result)}-logs.tar.gz`
    await writeLogArchive(join(resultsDir, name), files, new Date())
    return { ...result, logs: name }
  } catch (error) {
    // The figures are worth more than the logs: a failure here must not lose them.
    console.error(`Failed to archive the servers' logs in ${resultsDir}: ${(error as Error).message}`)
    return result
  }
}
