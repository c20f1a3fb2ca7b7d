import type { SkippedFile } from '../analysis/folder.ts'
import { readOptions } from '../options.ts'
import { type Page, renderSkipped } from '../render/list.ts'
import { paintFor } from '../render/paint.ts'

/** What every command on results takes. */
export interface ResultsOptions {
  readonly json?: boolean
  /** Folder of the results. */
  readonly results?: string
}

export function resultsDirOf({ results }: ResultsOptions): string {
  return results ?? readOptions(process.env).resultsDir
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Colours and a width on a terminal; neither in a pipe, where whoever reads cuts for himself. */
export function pageFor(stream: Stream, env: NodeJS.ProcessEnv = process.env): Page {
  const width = stream.isTTY === true && (stream.columns ?? 0) > 0 ? stream.columns : undefined
  return { paint: paintFor(stream, env), width }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** On stderr, so that what is piped on stays what was asked for. */
export function printSkipped(skipped: readonly SkippedFile[]): void {
  const text = renderSkipped(skipped, pageFor(process.stderr))
  if (text !== '') process.stderr.write(`\n${text}`)
}
