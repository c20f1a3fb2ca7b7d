import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import { PROGRESS_ARTIFACT, type ProgressArtifact } from '../fixtures/task-data.ts'
import { isCi, isColorRefused } from '../src/options/process-environment.ts'
import { counted, span } from '../src/report/format.ts'
import { renderLiveLine, renderLogLine } from '../src/report/kinds.ts'
import { cutToColumns, type Paint, pageFor, plain, wrapText } from '../src/report/terminal.ts'
import { LiveLine, type Terminal } from './live-line.ts'
import {
  closingLine,
  countRows,
  type FailedGroup,
  groupFailedRows,
  groupTitle,
  headingOf,
  messageLines,
  saidByMessage,
  saysItAll,
} from './rows.ts'

/** Interval of progress lines in a log, where every line stays. */
const LOG_INTERVAL_MS = 5000
const REDRAW_INTERVAL_MS = 1000
/** Groups of failed rows shown for one scenario. */
const MOST_GROUPS = 10

/** Options of {@link ProgressReporter}. */
export interface ProgressReporterOptions {
  /** Whether to redraw one line in place. Default: when the output is a terminal and not in CI. */
  readonly live?: boolean
}

type Artifact = Parameters<NonNullable<Reporter['onTestCaseArtifactRecord']>>[1]
type ConsoleLog = Parameters<NonNullable<Reporter['onUserConsoleLog']>>[0]

/**
 * Replaces Vitest's default reporter, which would print every worker row and draw its own window over our line.
 * Shows a heading, live progress and a closing line per scenario, and only the rows that failed.
 */
export default class ProgressReporter implements Reporter {
  readonly #options: ProgressReporterOptions
  #vitest: Vitest | undefined
  #paint: Paint = plain
  #width: number | undefined
  #line: LiveLine | undefined
  #redraw: NodeJS.Timeout | undefined
  #heading = ''
  #progress: ProgressArtifact['progress'] | undefined
  #sinceMs = 0
  #loggedAtMs = 0
  /** Suites and modules whose closing line stands there. */
  #closed = new WeakSet<object>()

  /** @param options - how the line of progress is drawn */
  constructor(options: ProgressReporterOptions = {}) {
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    const { paint, width } = pageFor(vitest.logger.outputStream as Terminal, isColorRefused())
    this.#paint = paint
    this.#width = width
    vitest.logger.printBanner()
    vitest.onClose(() => this.#stop())
    vitest.logger.onTerminalCleanup(() => this.#stop()) // a process.exit() from anywhere
  }

  onTestRunStart(): void {
    this.#heading = ''
    this.#closed = new WeakSet()
    const output = this.#logger.outputStream as Terminal
    const live = this.#options.live ?? (output.isTTY === true && !isCi())
    if (!live) return
    this.#line = new LiveLine(output, [process.stdout, process.stderr, this.#logger.errorStream as Terminal])
    this.#redraw = setInterval(() => this.#draw(), REDRAW_INTERVAL_MS).unref()
  }

  onTestCaseReady(testCase: TestCase): void {
    // While another reporter still writes files, Vitest may tell of a row after the end of its suite.
    if (testCase.result().state === 'skipped' || this.#closed.has(testCase.parent)) return
    const heading = headingOf(testCase.parent)
    if (heading === this.#heading) return
    this.#heading = heading
    this.#progress = undefined
    this.#sinceMs = this.#loggedAtMs = performance.now()
    this.#logger.log(`\n${this.#paint('bold', cutToColumns(heading, this.#width))}`)
    this.#draw()
  }

  onTestCaseArtifactRecord(_testCase: TestCase, artifact: Artifact): void {
    if (artifact.type !== PROGRESS_ARTIFACT) return
    this.#progress = artifact.progress
    this.#draw()
    if (this.#line !== undefined) return
    const nowMs = performance.now()
    if (nowMs - this.#loggedAtMs < LOG_INTERVAL_MS) return
    this.#loggedAtMs = nowMs
    this.#logger.log(`  ${renderLogLine(artifact.progress)}`)
  }

  /** The figures are printed above by now, so progress messages about them are out of date. */
  onTestCaseResult(testCase: TestCase): void {
    if (testCase.meta().mailstormResult === undefined) return
    this.#progress = undefined
    this.#sinceMs = performance.now()
    this.#line?.hide()
  }

  onTestSuiteResult(suite: TestSuite): void {
    this.#close(suite)
  }

  onTestModuleEnd(module: TestModule): void {
    this.#close(module)
  }

  onUserConsoleLog(log: ConsoleLog): void {
    if (this.#vitest?.config.silent === true) return
    const { outputStream, errorStream } = this.#logger
    const stream = log.type === 'stdout' ? outputStream : errorStream
    stream.write(wrapText(log.content, pageFor(stream as Terminal, isColorRefused()).width))
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    this.#stop()
    if (errors.length > 0) this.#logger.printUnhandledErrors(errors)
    if (modules.length === 0 && errors.length === 0) this.#logger.printNoTestFound()
  }

  onWatcherStart(): void {
    this.#logger.log('\nWaiting for file changes… press q to quit, h for help')
  }

  get #logger(): Vitest['logger'] {
    if (this.#vitest === undefined) throw new Error('Vitest has not called onInit yet')
    return this.#vitest.logger
  }

  #draw(): void {
    if (this.#heading === '') return
    this.#line?.show((columns) => {
      if (this.#progress !== undefined) return `  ${renderLiveLine(this.#progress, columns - 2, this.#paint)}`
      return cutToColumns(`  preparing, ${span((performance.now() - this.#sinceMs) / 1000)}`, columns)
    })
  }

  #stop(): void {
    clearInterval(this.#redraw)
    this.#line?.stop()
    this.#line = undefined
  }

  /** Prints the closing line of a scenario, and its failed rows. */
  #close(suite: TestSuite | TestModule): void {
    this.#line?.hide()
    this.#progress = undefined
    this.#heading = ''
    this.#closed.add(suite)
    for (const error of suite.errors()) {
      this.#logger.error(this.#paint('red', `\n✗ ${headingOf(suite)}: could not run`))
      if (saysItAll(error)) this.#logger.error(messageLines(error, this.#width))
      else this.#logger.printError(error, { project: suite.project })
    }
    const line = closingLine(headingOf(suite), countRows(suite))
    if (line !== undefined) this.#logger.log(this.#paint(line.style, wrapText(line.text, this.#width)))
    const rows = [...suite.children.tests('failed')].map((test) => ({
      name: test.name,
      errors: test.result().errors ?? [],
    }))
    const groups = groupFailedRows(rows)
    for (const group of groups.slice(0, MOST_GROUPS)) this.#printGroup(group, suite)
    const hidden = groups.length - MOST_GROUPS
    if (hidden > 0) this.#logger.error(`  … and ${counted(hidden, 'further kind')} of failure`)
  }

  #printGroup(group: FailedGroup, suite: TestSuite | TestModule): void {
    if (saidByMessage(group)) {
      const [message = ''] = group.errors.map((error) => messageLines(error, this.#width))
      this.#logger.error(this.#paint('red', wrapText(`  ✗ ${message.trimStart()}`, this.#width)))
      return
    }
    this.#logger.error(this.#paint('red', wrapText(`  ✗ ${groupTitle(group)}`, this.#width)))
    for (const error of group.errors) {
      if (saysItAll(error)) this.#logger.error(messageLines(error, this.#width))
      else this.#logger.printError(error, { project: suite.project })
    }
  }
}
