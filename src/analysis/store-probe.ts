import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProbeResult } from '../probe/report.ts'
import { writeAtomically } from './atomic-write.ts'
import { storeError } from './store.ts'

/** Writes `<stamp>-probe.json` and the Markdown beside it; `latest.json` stays with the load tests. */
export async function storeProbe(folder: string, result: ProbeResult, markdown: string): Promise<string[]> {
  const json = join(folder, `${result.stamp}-probe.json`)
  const md = join(folder, `${result.stamp}-probe.md`)
  try {
    await mkdir(folder, { recursive: true })
    await writeAtomically(md, markdown)
    await writeAtomically(json, `${JSON.stringify(result, null, 2)}\n`)
    return [json, md]
  } catch (error) {
    throw storeError(folder, error)
  }
}
