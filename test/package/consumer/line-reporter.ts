import { writeFileSync } from 'node:fs'
import { resultsOf } from 'mailstorm/reporters'
import type { Reporter, TestModule } from 'vitest/node'

/** One line to a run. */
export default class LineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = resultsOf(modules).map(({ scenario, verdict }) => `${scenario} ${verdict}\n`)
    writeFileSync('line-reporter.txt', lines.join(''))
  }
}
