import { join } from 'node:path'
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestRunEndReason,
  TestSuite,
  Vitest,
} from 'vitest/node'
import type { AnyResult } from '../src/pressure/result.ts'
import {
  type JunitCase,
  type JunitFailure,
  type JunitSuite,
  type Property,
  renderJunit,
  runProperties,
} from '../src/report/ci/junit.ts'
import { reasonOf } from '../src/report/kinds.ts'
import { makeFolder, writeAtomically } from '../src/results/atomic-write.ts'
import { resultOf, resultsFolder } from './collect-results.ts'
import { headingOf, saysItAll } from './rows.ts'

const FILE = 'junit.xml'

/**
 * In CI, writes `results/junit.xml`. Vitest's JUnit reporter sets properties on single tests only, which
 * readers ignore; this one puts the run's figures where readers of JUnit look for them, and writes the file
 * atomically.
 */
export default class JunitReporter implements Reporter {
  #vitest: Vitest | undefined
  #startedAt = new Date()

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunStart(): void {
    this.#startedAt = new Date()
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const suites = modules.flatMap((module) => this.#suitesOf(module))
    const errors = unhandled.map(failureOf)
    // Vitest reports rows that it cut off as skipped, which readers of JUnit ignore.
    if (reason === 'interrupted' && suites.every((suite) => suite.errors.length === 0))
      errors.push(INTERRUPTED)
    if (errors.length > 0) {
      suites.push({ name: 'outside of any row', file: '', startedAt: this.#startedAt, ...NOTHING, errors })
    }
    const folder = resultsFolder(this.#vitest)
    try {
      await makeFolder(folder)
      await writeAtomically(join(folder, FILE), renderJunit(suites))
    } catch (error) {
      process.exitCode = 1
      this.#vitest?.logger.error(`Failed to write "${join(folder, FILE)}": ${String(error)}`)
    }
  }

  #suitesOf(module: TestModule): JunitSuite[] {
    return [module, ...module.children.allSuites()].flatMap((parent) => {
      const tests = [...parent.children.tests()]
      const cases = tests.flatMap(caseOf)
      const errors = [...parent.errors().map(failureOf), ...failedRun(parent, tests, cases)]
      if (cases.length === 0 && errors.length === 0) return []
      const started = tests.flatMap((test) => test.diagnostic()?.startTime ?? [])
      return {
        name: headingOf(parent),
        file: module.relativeModuleId,
        startedAt: started.length === 0 ? this.#startedAt : new Date(Math.min(...started)),
        properties: propertiesOf(parent, tests),
        cases,
        errors,
      }
    })
  }
}

const INTERRUPTED: JunitFailure = { type: 'Interrupted', message: 'the run was interrupted' }

/** A run that failed though none of its rows did: they were cut off, or excluded by `-t`. */
function failedRun(
  parent: TestSuite | TestModule,
  tests: readonly TestCase[],
  cases: readonly JunitCase[],
): JunitFailure[] {
  const result = resultIn(parent, tests)
  if (result?.verdict !== 'FAILED' || cases.some(({ failures }) => failures.length > 0)) return []
  return [{ type: result.status === 'partial' ? 'PartialRun' : 'FailedRun', message: reasonOf(result) }]
}

function resultIn(parent: TestSuite | TestModule, tests: readonly TestCase[]): AnyResult | undefined {
  return [...tests, parent].map(resultOf).find((found) => found !== undefined)
}

const NOTHING = { properties: [], cases: [] } as const

function propertiesOf(parent: TestSuite | TestModule, tests: readonly TestCase[]): Property[] {
  const result = resultIn(parent, tests)
  return result === undefined ? [] : runProperties(result)
}

/** Rows excluded by `-t` are not part of the run. */
function caseOf(test: TestCase): JunitCase[] {
  const result = test.result()
  const seconds = (test.diagnostic()?.duration ?? 0) / 1000
  switch (result.state) {
    case 'passed':
      return [{ name: test.name, seconds, failures: [] }]
    case 'failed':
      return [{ name: test.name, seconds, failures: result.errors.map(failureOf) }]
    case 'skipped':
      return result.note === undefined
        ? []
        : [{ name: test.name, seconds, failures: [], skipped: result.note }]
    case 'pending':
      return [{ name: test.name, seconds, failures: [], skipped: 'the run ended before this row' }]
    default:
      return result satisfies never
  }
}

function failureOf(error: SerializedError): JunitFailure {
  const { name = 'Error', message, stack, diff } = error
  const more = [diff, stack].filter((part) => part !== undefined && part !== '').join('\n\n')
  return saysItAll(error) || more === '' ? { type: name, message } : { type: name, message, text: more }
}
