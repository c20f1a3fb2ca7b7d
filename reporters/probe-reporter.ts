import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { MailstormError } from '../src/error.ts'
import { isColorRefused } from '../src/options/process-environment.ts'
import type { ProbeResult } from '../src/probe/report.ts'
import { writeIndex, writeReport } from '../src/report/html/files.ts'
import { renderMarkdown, renderText } from '../src/report/kinds.ts'
import { type Page, PIPE, pageFor, wrapLine } from '../src/report/terminal.ts'
import { storeProbe } from '../src/results/store.ts'
import { probeOf, resultsFolder } from './collect-results.ts'
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
    const result = probeOf(testCase)
    if (result !== undefined) tell(this.#vitest, `\n${renderText(result, this.#page)}`)
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const probes = tests.map(probeOf).filter((result) => result !== undefined)
    const [first] = probes
    if (first === undefined) return
    await this.#write({ ...first, targets: probes.flatMap(({ targets }) => targets) })
  }

  async #write(result: ProbeResult): Promise<void> {
    const folder = resultsFolder(this.#vitest)
    try {
      const files = await storeProbe(folder, result, renderMarkdown(result))
      const [json = ''] = files
      files.push(await writeReport(json, result))
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
