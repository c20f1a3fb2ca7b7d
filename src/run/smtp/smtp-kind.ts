import type { Result } from '../../engine/result.ts'
import type { Options } from '../../options/options.ts'
import { KINDS } from '../../report/kinds.ts'
import { thresholdSentence } from '../../report/verdict.ts'
import { executeRun } from '../execute.ts'
import { ownWorkers, waitForStartMs } from '../generators/generator.ts'
import { serverNames } from '../ground/servers.ts'
import type { JudgedKind } from '../kind.ts'
import { RowFailure, type RunOptions } from '../scenario-run.ts'
import type { Workload } from '../spec/spec.ts'

/** The run kind for load on SMTP servers: a row per worker of this generator. */
export const SMTP_RUNS: JudgedKind<RunOptions, Result> = {
  ...KINDS.smtp,
  rows({ workload }, options) {
    const names = serverNames(options)
    // Too few for all generators: that fails when it is run, and another scenario may be the one that is asked for.
    const shared = workload.workers >= (options.split?.generators ?? 0)
    const own = shared ? ownWorkers(workload.workers, options.split) : [0]
    return own.map((worker) => titleOf(worker, names))
  },
  thresholds: ({ workload }) => workload.thresholds,
  limitMs: ({ workload }, options) => limitMs(workload.maxDurationMs + verifyMs(workload), options),
  run: executeRun,
  async row({ plan, run, index, row }) {
    const worker = ownWorkers(plan.workload.workers, row.services.options.split)[index]
    if (worker === undefined) throw new RangeError(`this generator has no worker ${index}`)
    await run.worker(worker, row)
    return []
  },
  missed: (_, threshold) => thresholdSentence(threshold),
  account: expectAccounted,
}

/** The first row's time includes booting servers and threads, and verification. */
const BOOT_LIMIT_MS = 90_000
const VERIFY_LIMIT_MS = 60_000

/** Time limit of a row: it may have to boot everything, wait for the agreed start, send and verify. */
export function limitMs(loadMs: number, { cooldownSeconds, split }: Options): number {
  const beginMs = BOOT_LIMIT_MS + cooldownSeconds * 1000 + waitForStartMs(split)
  return beginMs + loadMs + VERIFY_LIMIT_MS
}

/** How long a load may wait for its mail behind the servers. */
export function verifyMs({ verify, verifyTimeoutMs }: Workload): number {
  return verify === undefined ? 0 : verifyTimeoutMs
}

/** Without a server when none is known; the run then reports what is wrong. */
function titleOf(worker: number, names: readonly string[]): string {
  const first = names[worker % Math.max(1, names.length)]
  return `worker ${worker + 1}${first === undefined ? '' : `, first to ${first}`}`
}

/** planned = accepted + deferred + rejected + failed + dropped + not reached + broken off, and the run finished. */
function expectAccounted({ metrics, status, partial_reason }: Result): void {
  const { broken_off: brokenOff = 0 } = metrics
  const sum = Object.values(metrics.outcomes).reduce((total, count) => total + count, brokenOff)
  if (sum !== metrics.total_messages || Math.min(...Object.values(metrics.outcomes)) < 0) {
    throw new RowFailure(`${metrics.total_messages} messages planned, ${sum} accounted for`)
  }
  if (status === 'partial') throw new RowFailure(`the run is partial: ${partial_reason}`)
}
