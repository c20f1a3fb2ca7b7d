import { Console } from 'node:console'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TestCase, TestSuite, Vitest } from 'vitest/node'
import { PROGRESS_ARTIFACT } from '../fixtures/task-data.ts'
import ProgressReporter from './progress-reporter.ts'
import { Screen } from './screen.fixture.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The little of Vitest that the reporter writes through. */
function vitestOn(screen: Screen): Vitest {
  const console = new Console(screen.stream)
  const logger = {
    outputStream: screen.stream,
    errorStream: screen.stream,
    log: console.log,
    error: console.log,
    printBanner: () => undefined,
    onTerminalCleanup: () => undefined,
  }
  return { logger, config: {}, onClose: () => undefined } as unknown as Vitest
}

const burst = { type: 'suite', fullName: 'burst', errors: () => [] } as unknown as TestSuite
const worker = {
  parent: burst,
  result: () => ({ state: 'pending' }),
  meta: () => ({}),
} as unknown as TestCase

function progressOf(second: number) {
  return {
    type: PROGRESS_ARTIFACT,
    progress: {
      scenario: 'burst',
      part: null,
      run_id: 'b7f3a1c2',
      elapsed_seconds: second,
      planned: 1200,
      accepted: second * 100,
      deferred: 0,
      rejected: 0,
      failed: 0,
      in_flight: 0,
      rate: 100,
      target_rate: null,
      p50_ms: 1,
      p99_ms: 2,
      errors: [],
      left_seconds: 12 - second,
    },
  } as const
}

test('in a log: the heading, then one line in five seconds', () => {
  const screen = new Screen({ isTTY: false })
  const reporter = new ProgressReporter()
  reporter.onInit(vitestOn(screen))
  reporter.onTestRunStart()
  for (let row = 0; row < 50; row++) reporter.onTestCaseReady(worker)
  for (let second = 1; second <= 12; second++) {
    vi.advanceTimersByTime(1000)
    reporter.onTestCaseArtifactRecord(worker, progressOf(second))
  }
  expect(screen.rows).toEqual([
    '',
    'burst',
    '  burst: 500 of 1,200 (41 %), 100/s, p50 1.00 ms, p99 2.00 ms, no errors, 7 s left',
    '  burst: 1,000 of 1,200 (83 %), 100/s, p50 1.00 ms, p99 2.00 ms, no errors, 2 s left',
    '',
  ])
})

test('in a terminal: one line in place, which counts the seconds until the first message', () => {
  const screen = new Screen({ isTTY: true, columns: 60 })
  const reporter = new ProgressReporter({ live: true })
  vi.stubEnv('NO_COLOR', '1')
  reporter.onInit(vitestOn(screen))
  reporter.onTestRunStart()
  reporter.onTestCaseReady(worker)
  vi.advanceTimersByTime(3000)
  expect(screen.rows).toEqual(['', 'burst', '  preparing, 3 s'])
  reporter.onTestCaseArtifactRecord(worker, progressOf(4))
  reporter.onTestCaseArtifactRecord(worker, progressOf(5))
  expect(screen.rows).toEqual(['', 'burst', '  burst  500/1,200  41 %  100/s  p99 2.00 ms  no errors'])
  vi.unstubAllEnvs()
})

test('what a suite or a service prints breaks between words in a terminal, and stays as it is in a pipe', () => {
  const content = 'Backend: embedded (no container engine answers at the address in DOCKER_HOST)\n'
  const printed = (options: ConstructorParameters<typeof Screen>[0]) => {
    const screen = new Screen(options)
    const reporter = new ProgressReporter()
    reporter.onInit(vitestOn(screen))
    reporter.onUserConsoleLog({ type: 'stdout', content, time: 0, size: 1 })
    return screen.rows
  }
  expect(printed({ isTTY: true, columns: 60 })).toEqual([
    'Backend: embedded (no container engine answers at the',
    '  address in DOCKER_HOST)',
    '',
  ])
  expect(printed({ isTTY: false })).toEqual([content.trimEnd(), ''])
})

test('of an artifact that is not ours it shows nothing', () => {
  const screen = new Screen({ isTTY: false })
  const reporter = new ProgressReporter()
  reporter.onInit(vitestOn(screen))
  reporter.onTestRunStart()
  vi.advanceTimersByTime(10_000)
  reporter.onTestCaseArtifactRecord(worker, {
    type: 'internal:annotation',
    annotation: { message: 'x', type: 'notice' },
  })
  expect(screen.rows).toEqual([''])
})

test('a row that is told of after the end of its suite brings no second heading', () => {
  const screen = new Screen({ isTTY: false })
  const reporter = new ProgressReporter()
  reporter.onInit(vitestOn(screen))
  reporter.onTestRunStart()
  reporter.onTestCaseReady(worker)
  const closed = { ...burst, children: { tests: () => [] } } as unknown as TestSuite
  reporter.onTestSuiteResult(closed)
  reporter.onTestCaseReady({ ...worker, parent: closed } as unknown as TestCase)
  expect(screen.rows.filter((row) => row === 'burst')).toHaveLength(1)
})
