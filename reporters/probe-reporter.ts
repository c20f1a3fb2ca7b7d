import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { MailstormError } from '../src/error.ts'
import { isColorRefused } from '../src/options/process-environment.ts'
import { PROBE_FORMAT, type ProbeReport } from '../src/probe/report.ts'
import { renderProbeMarkdown } from '../src/report/any.ts'
import { renderProbeText } from '../src/report/documents/probe.ts'
import { writeIndex, writeProbePage } from '../src/report/html/files.ts'
import { type Page, PIPE, pageFor, wrapLine } from '../src/report/terminal.ts'
import { storeProbe } from '../src/results/store.ts'
import { resultsFolder } from './collect-results.ts'
import { tell, toldTo } from './kept-reporters.ts'
import type { Terminal } from './live-line.ts'
import '../fixtures/task-data.ts'

/** Prints the report of each probed server as soon as it is complete, and writes all of them at the end. */
export default class ProbeReporter implements Reporter {
  #vitest: Vitest | undefined
  #page: Page = PIPE

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    this.#page = pageFor(toldTo(vitest) as Terminal, isColorRefused())
  }

  onTestCaseResult(testCase: TestCase): void {
    const report = testCase.meta().mailstormProbe
    if (report !== undefined) tell(this.#vitest, `\n${renderProbeText(report, this.#page)}`)
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const targets = tests.map((test) => test.meta().mailstormProbe).filter((report) => report !== undefined)
    const [first] = targets
    if (first !== undefined) await this.#write(first.stamp, targets)
  }

  async #write(stamp: string, targets: readonly ProbeReport[]): Promise<void> {
    const result = { format: PROBE_FORMAT, stamp, targets } as const
    const folder = resultsFolder(this.#vitest)
    try {
      const files = await storeProbe(folder, result, renderProbeMarkdown(result))
      const [json = ''] = files
      files.push(await writeProbePage(json, result))
      await writeIndex(folder)
      const written = `Written: ${files.map((path) => relative(process.cwd(), path)).join(', ')}`
      tell(this.#vitest, wrapLine(written, this.#page.width).join('\n'))
    } catch (error) {
      if (!(error instanceof MailstormError)) throw error
      process.exitCode = 1
      this.#vitest?.logger.error(this.#page.paint('red', error.message))
    }
  }
}
