import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { runVitest, type Step, type VitestRun } from '../vitest-child.ts'

export interface StressRun extends VitestRun {
  /** `latest.json`; undefined when the run wrote none. */
  readonly result: Result | undefined
  readonly resultsDir: string
}

const ROOT = join(import.meta.dirname, '../..')

/** For `args` of a run that reads all suites, as `npx vitest run … -t NAME` does: a third more CPU time. */
export const ALL_SUITES: readonly string[] = []

/** As `mailstorm run NAME` does: the scenario's own file alone. */
function suiteOf(name: string): string[] {
  const [scenario] = name.split(' ', 1)
  return globSync(`suites/**/${scenario}.stress.ts`, { cwd: ROOT })
}

/** A stress run as a user starts it, with results in a folder of its own. */
export async function stress(
  name: string,
  env: NodeJS.ProcessEnv = {},
  steps: readonly Step[] = [],
  args: readonly string[] = suiteOf(name),
): Promise<StressRun> {
  const resultsDir = await mkdtemp(join(tmpdir(), 'mailstorm-e2e-'))
  onTestFinished(() => rm(resultsDir, { recursive: true, force: true }))
  const run = await runVitest({
    config: 'vitest.stress.config.ts',
    name,
    // An engine that happens to answer must not change what is tested here.
    env: {
      STRESS_RESULTS_DIR: resultsDir,
      STRESS_BACKEND: 'SMTP_TARGETS' in env ? 'auto' : 'embedded',
      ...env,
    },
    steps,
    args,
  })
  const latest = await readFile(join(resultsDir, 'latest.json'), 'utf8').catch(() => undefined)
  return { ...run, resultsDir, result: latest === undefined ? undefined : (JSON.parse(latest) as Result) }
}

/** planned = accepted + deferred + rejected + failed + dropped + not reached. */
export function accountedFor({ metrics }: Result): boolean {
  return Object.values(metrics.outcomes).reduce((sum, count) => sum + count, 0) === metrics.total_messages
}
