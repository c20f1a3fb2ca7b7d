import type { Result } from '../../engine/result.ts'
import { MailstormError } from '../../error.ts'
import { reportPath, writeIndex, writeReport } from '../../report/html/files.ts'
import { renderMarkdown, renderText } from '../../report/kinds.ts'
import { writeAtomically } from '../../results/atomic-write.ts'
import { mergeResults } from '../../results/merge/merge.ts'
import { findRunFile, readRunFile } from '../../results/result-files.ts'
import { resultJson } from '../../results/result-json.ts'
import { storeError, storeResult } from '../../results/store.ts'
import { pageFor, type ResultsOptions, resultsDirOf } from '../output.ts'

export interface MergeOptions extends ResultsOptions {
  readonly output?: string
}

/**
 * Merges the results of a run's generators into one, writes and prints it. The exit code is 1 when the run
 * failed.
 */
export async function merge(names: readonly string[], options: MergeOptions): Promise<void> {
  const { output } = options
  if (output !== undefined && !output.endsWith('.json')) {
    throw new MailstormError(
      'BAD_OPTIONS',
      `Failed to write the merged result to ${output}: its name does not end in .json.`,
      'The Markdown and the HTML are written beside it, under the same name.',
    )
  }
  const folder = resultsDirOf(options)
  const files = await Promise.all(names.map(async (name) => readRunFile(await findRunFile(name, folder))))
  const result = mergeResults(files)
  if (result.verdict === 'FAILED') process.exitCode = 1
  if (options.json === true) {
    if (output !== undefined) await writeTo(output, result)
    process.stdout.write(resultJson(result))
    return
  }
  process.stdout.write(renderText(result, pageFor(process.stdout)))
  const written = output === undefined ? await addTo(folder, result) : await writeTo(output, result)
  console.log(`\nWritten: ${written.join(', ')}`)
}

async function addTo(folder: string, result: Result): Promise<string[]> {
  const { json, markdown, latestFailure } = await storeResult(folder, result, renderMarkdown(result))
  if (latestFailure !== undefined) console.error(latestFailure.message)
  const html = await writeReport(json, result)
  await writeIndex(folder)
  return [json, markdown, html]
}

async function writeTo(json: string, result: Result): Promise<string[]> {
  const markdown = reportPath(json).replace(/html$/, 'md')
  try {
    await writeAtomically(markdown, renderMarkdown(result))
    await writeAtomically(json, resultJson(result))
  } catch (error) {
    throw storeError(json, error)
  }
  return [json, markdown, await writeReport(json, result)]
}
