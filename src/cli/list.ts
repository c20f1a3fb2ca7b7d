import { readFolder } from '../analysis/folder.ts'
import { renderList } from '../render/list.ts'
import { pageFor, printJson, printSkipped, type ResultsOptions, resultsDirOf } from './output.ts'

/** Every run of the results folder, the oldest first. */
export async function list(options: ResultsOptions): Promise<void> {
  const folder = resultsDirOf(options)
  const { runs, skipped } = await readFolder(folder)
  if (options.json === true) {
    printJson({ runs, skipped })
    return
  }
  process.stdout.write(renderList(folder, runs, pageFor(process.stdout)))
  printSkipped(skipped)
}
