import { writeFile } from 'node:fs/promises'
import type { ProbeResult } from '../probe/report.ts'
import { writeAtomically } from './atomic-write.ts'
import { makeFolder } from './make-folder.ts'
import { createNumbered } from './run-name.ts'
import { storeError } from './store.ts'

/** Writes `<stamp>-probe.json` and the Markdown beside it; `latest.json` stays with the load tests. */
export async function storeProbe(folder: string, result: ProbeResult, markdown: string): Promise<string[]> {
  const text = `${JSON.stringify(result, null, 2)}\n`
  try {
    await makeFolder(folder)
    const base = `${result.stamp}-probe`
    const json = await createNumbered(folder, base, '.json', (temporary) => writeFile(temporary, text))
    const md = json.replace(/\.json$/, '.md')
    await writeAtomically(md, markdown)
    return [json, md]
  } catch (error) {
    throw storeError(folder, error)
  }
}
