import { join } from 'node:path'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { benchmarkEntries } from '../src/report/ci/benchmark-json.ts'
import { makeFolder, writeAtomically } from '../src/results/atomic-write.ts'
import { viewOf } from '../src/results/run-view.ts'
import { collectResults, resultsFolder } from './collect-results.ts'

/** A folder of its own, so that these files are not read as results of runs. */
const FOLDER = 'benchmark'
const FILES = { 'bigger-is-better.json': 'higher', 'smaller-is-better.json': 'lower' } as const

/** In CI, writes `results/benchmark/….json` for benchmark-action/github-action-benchmark. */
export default class BenchmarkReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const views = collectResults(modules).flatMap((result) => viewOf('', result) ?? [])
    if (views.length === 0) return
    const folder = join(resultsFolder(this.#vitest), FOLDER)
    try {
      await makeFolder(folder)
      for (const [name, better] of Object.entries(FILES)) {
        const entries = benchmarkEntries(views, better)
        await writeAtomically(join(folder, name), `${JSON.stringify(entries, null, 2)}\n`)
      }
    } catch (error) {
      process.exitCode = 1
      this.#vitest?.logger.error(`Failed to write benchmark figures to "${folder}": ${String(error)}`)
    }
  }
}
