import { readOptions } from '../options/options.ts'
import { isColorRefused } from '../options/process-environment.ts'
import { renderSkipped } from '../report/runs/list.ts'
import { type Page, pageFor as pageOf } from '../report/terminal.ts'
import type { SkippedFile } from '../results/result-files.ts'

/** What every command on results takes. */
export interface ResultsOptions {
  readonly json?: boolean
  /** Folder of the results. */
  readonly results?: string
}

export function resultsDirOf({ results }: ResultsOptions): string {
  return results ?? readOptions().resultsDir
}

/** How this process may write to its stdout or stderr. */
export function pageFor(stream: Parameters<typeof pageOf>[0]): Page {
  return pageOf(stream, isColorRefused())
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** On stderr, so that a pipe gets only what was asked for. */
export function printSkipped(skipped: readonly SkippedFile[]): void {
  const text = renderSkipped(skipped, pageFor(process.stderr))
  if (text !== '') process.stderr.write(`\n${text}`)
}
