import { MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { isColorRefused } from '../options/process-environment.ts'
import { renderSkipped } from '../report/runs/list.ts'
import { type Page, pageFor as pageOf } from '../report/terminal.ts'
import type { SkippedFile } from '../results/result-files.ts'

/** Options of every command on results. */
export interface ResultsOptions {
  readonly json?: boolean
  /** Folder of the results. */
  readonly results?: string
}

export function resultsDirOf({ results }: ResultsOptions): string {
  return results ?? readOptions().resultsDir
}

/** Width and colours of this process's stdout or stderr. */
export function pageFor(stream: Parameters<typeof pageOf>[0]): Page {
  return pageOf(stream, isColorRefused())
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Printed to stderr, so that a pipe gets only what was asked for. */
export function printSkipped(skipped: readonly SkippedFile[]): void {
  const text = renderSkipped(skipped, pageFor(process.stderr))
  if (text !== '') process.stderr.write(`\n${text}`)
}

export interface NumberFlag {
  /** As `--p95-limit`. */
  readonly flag: string
  readonly given: string
  readonly min?: number
  readonly max: number
  readonly whole?: boolean
  /** A unit that may follow the number. */
  readonly unit?: '%' | 'ms'
}

const WORDS = { '%': ' percent', ms: ' milliseconds' } as const
const DECIMAL = /^\d+(?:\.\d+)?$/

/** The number behind an option, or one clear error: what was given and what is allowed. */
export function numberFlag({ flag, given, min = 0, max, whole = false, unit }: NumberFlag): number {
  const text = given.trim()
  const digits = unit !== undefined && text.endsWith(unit) ? text.slice(0, -unit.length).trimEnd() : text
  const value = Number(digits)
  const isKind = whole ? /^\d+$/.test(digits) : DECIMAL.test(digits)
  if (isKind && value >= min && value <= max) return value
  const kind = whole ? 'a whole number' : 'a number'
  const range = `from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read ${flag} ${given}: it is ${kind} ${range}${unit === undefined ? '' : WORDS[unit]}.`,
  )
}
