import { writeAtomically } from '../analysis/atomic-write.ts'
import { findRunFile } from '../analysis/find.ts'
import { resultJson } from '../analysis/head.ts'
import { mergeResults } from '../analysis/merge/merge.ts'
import { readRunFile } from '../analysis/run-file.ts'
import { storeError, storeResult } from '../analysis/store.ts'
import type { Result } from '../load/result.ts'
import { renderMarkdown } from '../render/markdown.ts'
import { renderText } from '../render/text.ts'
import { pageFor, printJson, type ResultsOptions, resultsDirOf } from './output.ts'

export interface MergeOptions extends ResultsOptions {
  readonly output?: string
}

/** Several generators' results of one run → one result, written and shown. The exit code is 1 when it failed. */
export async function merge(names: readonly string[], options: MergeOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const files = await Promise.all(names.map(async (name) => readRunFile(await findRunFile(name, folder))))
  const result = mergeResults(files)
  if (result.verdict === 'FAILED') process.exitCode = 1
  if (options.json === true) {
    printJson(result)
    return
  }
  process.stdout.write(renderText(result, pageFor(process.stdout).paint))
  console.log(`\nWritten: ${await write(result, folder, options.output)}`)
}

async function write(result: Result, folder: string, output: string | undefined): Promise<string> {
  if (output === undefined) return (await storeResult(folder, result, renderMarkdown(result))).json
  try {
    await writeAtomically(output, resultJson(result))
    return output
  } catch (error) {
    throw storeError(output, error)
  }
}
