import type { SerializedError, TestModule, TestSuite } from 'vitest/node'
import { counted, seconds } from '../src/report/format.ts'
import { type Style, wrapLine } from '../src/report/terminal.ts'
import { asksFor } from '../src/run/spec/asked-projects.ts'
import { builtInScenarios } from '../src/run/spec/scenarios.ts'
import { foreignText } from '../src/text/foreign-text.ts'

/** A failed test: a worker or a threshold. */
export interface FailedRow {
  readonly name: string
  readonly errors: readonly SerializedError[]
}

/** Rows that failed for the same reasons: fifty workers that met one dead server are reported once. */
export interface FailedGroup {
  readonly names: readonly string[]
  readonly errors: readonly SerializedError[]
}

export function groupFailedRows(rows: readonly FailedRow[]): FailedGroup[] {
  const groups = Map.groupBy(rows, ({ errors }) =>
    JSON.stringify(errors.map(({ name, message }) => [name, message])),
  )
  return [...groups.values()].map((group) => ({
    names: group.map(({ name }) => name),
    errors: group[0]?.errors ?? [],
  }))
}

/** `worker 1: 100 messages, and 49 further rows`. */
export function groupTitle({ names }: FailedGroup): string {
  const [first = '', ...others] = names
  const shown = foreignText(first)
  return others.length === 0 ? shown : `${shown}, and ${counted(others.length, 'further row')}`
}

/**
 * Whether the message of an error says everything. For any other error the stack and source are worth showing.
 */
export function saysItAll({ name, diff }: SerializedError): boolean {
  return name === 'MailstormError' || (name === 'AssertionError' && diff === undefined)
}

/**
 * A row with one error whose message starts with the row's name, as a threshold's does (`p(99)<5 — was 9 ms`):
 * print only the message.
 */
export function saidByMessage({ names, errors }: FailedGroup): boolean {
  const [name = '', ...otherNames] = names
  const [error, ...others] = errors
  if (error === undefined || otherNames.length + others.length > 0) return false
  return saysItAll(error) && error.message.startsWith(name)
}

/** The message of such an error, indented below its row. It may quote what a server said. */
export function messageLines({ message }: SerializedError, width: number | undefined): string {
  return message
    .split('\n')
    .flatMap((line) => wrapLine(`      ${/^ */.exec(line)?.[0]}${foreignText(line, MOST_MESSAGE)}`, width))
    .join('\n')
}

const MOST_MESSAGE = 2_000

/** `burst`, `all > 01-smoke`; a test outside any describe is listed under its file. */
export function headingOf(parent: TestSuite | TestModule): string {
  return foreignText(parent.type === 'suite' ? parent.fullName : parent.relativeModuleId)
}

export interface RowCounts {
  readonly passed: number
  readonly failed: number
  /** Skipped with a reason of their own, such as a threshold that does not apply to a changed load. */
  readonly skipped: number
  /** Cut off by an interruption; rows that were never meant to run do not count. */
  readonly stopped: number
  /** Undefined when no row finished: Vitest times only those. */
  readonly seconds: number | undefined
}

/** Vitest's note on rows that it cut off (`startTests` of its runner). */
const CANCELLED = 'The test run was aborted by the user.'

/** Counts the rows of a suite itself, not those of nested suites. */
export function countRows(suite: TestSuite | TestModule): RowCounts {
  const tests = [...suite.children.tests()]
  const results = tests.map((test) => test.result())
  const spans = tests.flatMap((test) => test.diagnostic() ?? [])
  const from = spans.reduce((least, { startTime }) => Math.min(least, startTime), Number.POSITIVE_INFINITY)
  const to = spans.reduce((most, { startTime, duration }) => Math.max(most, startTime + duration), 0)
  const notes = results.flatMap((result) => (result.state === 'skipped' ? (result.note ?? []) : []))
  return {
    passed: results.filter(({ state }) => state === 'passed').length,
    failed: results.filter(({ state }) => state === 'failed').length,
    skipped: notes.filter((note) => note !== CANCELLED).length,
    stopped: notes.filter((note) => note === CANCELLED).length,
    seconds: spans.length === 0 ? undefined : (to - from) / 1000,
  }
}

/** `✓ burst: 54 rows passed, 4.21 s`; undefined when no row was run. */
export function closingLine(name: string, rows: RowCounts): { style: Style; text: string } | undefined {
  const { passed, failed, skipped, stopped } = rows
  if (passed + failed + skipped + stopped === 0) return undefined
  const counts = [`${counted(passed, 'row')} passed`]
  if (failed > 0) counts.push(`${failed} failed`)
  if (skipped > 0) counts.push(`${skipped} skipped`)
  if (stopped > 0) counts.push(`${stopped} stopped`)
  if (rows.seconds !== undefined) counts.push(seconds(rows.seconds))
  const text = `${name}: ${counts.join(', ')}`
  if (failed > 0) return { style: 'red', text: `✗ ${text}` }
  return stopped > 0 ? { style: 'yellow', text: `■ ${text}` } : { style: 'green', text: `✓ ${text}` }
}

/** More would scroll the sentence above them away. */
const MOST_NAMES = 20

/**
 * What there is to ask for, when a name pattern matches nothing: the runs within the scenario that it begins with,
 * else the scenarios.
 */
export function namesLike(pattern: RegExp, modules: readonly TestModule[]): string[] {
  const scenarios = modules.flatMap((module) => [...module.children.suites()])
  const meant = scenarios.find(({ name }) => asksFor(pattern, name))
  if (meant === undefined) {
    const names = [...scenarios, ...builtInScenarios()].map(({ name }) => name)
    return [`There are: ${[...new Set(names)].toSorted().join(', ')}.`]
  }
  const within = [...meant.children.array()].map(({ name }) => `  ${meant.name} > ${foreignText(name)}`)
  const hidden = within.length - MOST_NAMES
  return [
    `Within ${meant.name}, -t takes the beginning of one of these:`,
    ...within.slice(0, MOST_NAMES),
    ...(hidden > 0 ? [`  … and ${counted(hidden, 'further name')}`] : []),
  ]
}
