import { stripVTControlCharacters } from 'node:util'
import type { ThresholdResult } from '../../engine/result.ts'
import { figureValue } from '../../figures/figure.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { figuresFor } from '../../results/overview.ts'
import { thresholdFigures } from '../verdict.ts'

/** One row of the test explorer. */
export interface JunitCase {
  readonly name: string
  readonly seconds: number
  readonly failures: readonly JunitFailure[]
  /** Why it was not run to its end. */
  readonly skipped?: string
}

export interface JunitFailure {
  readonly type: string
  readonly message: string
  /** Message with stack or difference, where there is more than the message. */
  readonly text?: string
}

/** A scenario, or one part of it. */
export interface JunitSuite {
  readonly name: string
  /** Path of the suite file from the project's root. */
  readonly file: string
  readonly startedAt: Date
  readonly properties: readonly Property[]
  readonly cases: readonly JunitCase[]
  /** What kept the suite from running, or went wrong outside its rows. */
  readonly errors: readonly JunitFailure[]
}

/**
 * JUnit's XML as Ant writes it and CI systems read it: a testsuite for each scenario, its figures as
 * properties of the testsuite, where that format has them.
 */
export function renderJunit(suites: readonly JunitSuite[]): string {
  const counts = suites.map(countsOf)
  const total = (key: keyof Counts) => counts.reduce((sum, count) => sum + count[key], 0)
  const root = attributes({
    name: 'mailstorm',
    tests: total('tests'),
    failures: total('failures'),
    errors: total('errors'),
    skipped: total('skipped'),
    time: total('seconds').toFixed(3),
  })
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${root}>`]
  for (const suite of suites) for (const line of suiteLines(suite)) lines.push(`  ${line}`)
  return `${[...lines, '</testsuites>'].join('\n')}\n`
}

interface Counts {
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
  readonly seconds: number
}

function countsOf({ cases, errors }: JunitSuite): Counts {
  return {
    tests: cases.length + errors.length,
    failures: cases.filter(({ failures }) => failures.length > 0).length,
    errors: errors.length,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    // Rows of a scenario wait for one run together: the longest is how long it took.
    seconds: cases.reduce((most, { seconds }) => Math.max(most, seconds), 0),
  }
}

function suiteLines(suite: JunitSuite): string[] {
  const { seconds, ...counts } = countsOf(suite)
  const head = attributes({
    name: suite.name,
    timestamp: suite.startedAt.toISOString(),
    file: suite.file,
    ...counts,
    time: seconds.toFixed(3),
  })
  const properties = suite.properties.map(([name, value]) => `    <property${attributes({ name, value })}/>`)
  return [
    `<testsuite${head}>`,
    ...(properties.length === 0 ? [] : ['  <properties>', ...properties, '  </properties>']),
    ...suite.cases.flatMap((row) => caseLines(suite.file, row)),
    ...suite.errors.flatMap((error) => [
      `  <testcase${attributes({ classname: suite.file, name: 'runs to its end', time: '0.000' })}>`,
      `    ${failureElement('error', error)}`,
      '  </testcase>',
    ]),
    '</testsuite>',
  ]
}

function caseLines(file: string, { name, seconds, failures, skipped }: JunitCase): string[] {
  const head = attributes({ classname: file, name, time: seconds.toFixed(3) })
  if (failures.length === 0 && skipped === undefined) return [`  <testcase${head}/>`]
  return [
    `  <testcase${head}>`,
    ...(skipped === undefined ? [] : [`    <skipped${attributes({ message: skipped })}/>`]),
    ...failures.map((failure) => `    ${failureElement('failure', failure)}`),
    '  </testcase>',
  ]
}

function failureElement(tag: 'failure' | 'error', { type, message, text }: JunitFailure): string {
  const head = attributes({ type, message })
  return text === undefined ? `<${tag}${head}/>` : `<${tag}${head}>${escaped(text)}</${tag}>`
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('')
}

/** XML 1.0 section 2.2: most control characters cannot stand in a document, not even escaped. */
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

function escaped(text: string): string {
  return stripVTControlCharacters(text)
    .replace(NOT_XML, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

export type Property = readonly [name: string, value: string]

/**
 * A run's figures as names and values for machines: facts of the run, every figure that was measured by
 * the name that thresholds have for it (milliseconds, shares, per second), thresholds with their outcome.
 */
export function runProperties(result: AnyResult): Property[] {
  const figures = figuresFor(result).flatMap((figure): Property[] => {
    const value = figureValue(figure, result)
    return value === null ? [] : [[figure.name, String(value)]]
  })
  return [
    ['verdict', result.verdict],
    ['status', result.status],
    ['run_id', result.run_id],
    ['backend', result.backend.name],
    ['seed', String(result.seed)],
    ['machine', `${result.machine.cpu}, ${result.machine.cores} cores, ${result.machine.os}`],
    ...figures,
    ...result.thresholds.map(
      (threshold): Property => [`threshold ${threshold.expression}`, outcome(threshold)],
    ),
  ]
}

function outcome(threshold: ThresholdResult): string {
  const { verdict, reason } = threshold
  if (verdict === 'pass' || verdict === 'fail') return `${verdict}: ${thresholdFigures(threshold).value}`
  return reason === undefined ? verdict : `${verdict}: ${reason}`
}
