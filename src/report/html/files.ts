import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { writeAtomically } from '../../results/atomic-write.ts'
import type { RunResult } from '../../results/kinds.ts'
import { readFolder } from '../../results/result-files.ts'
import { storeError } from '../../results/store.ts'
import { renderPage } from '../kinds.ts'
import { renderIndex } from './index-page.ts'
import { loadAssets } from './page.ts'

/** All runs of a folder on one page. */
export const INDEX = 'index.html'

/** The report beside a result's JSON. */
export async function writeReport(jsonPath: string, result: RunResult): Promise<string> {
  const path = reportPath(jsonPath)
  await writePage(path, renderPage(result, await loadAssets()))
  return path
}

/** Appears whole or not at all. Rejects with one clear error when it cannot be written. */
export async function writePage(path: string, page: string): Promise<void> {
  await writeAtomically(path, page).catch((error: unknown) => {
    throw storeError(dirname(path), error)
  })
}

export function reportPath(jsonPath: string): string {
  return jsonPath.replace(/(\.json)?$/i, '.html')
}

/**
 * Rewrites the index page of a folder; once more if a run was added meanwhile, whose own index page
 * this one may have replaced.
 */
export async function writeIndex(folder: string): Promise<string> {
  const path = join(folder, INDEX)
  let names = await namesIn(folder)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await writePage(path, await indexOf(folder, names))
    const now = await namesIn(folder)
    if (now.join('/') === names.join('/')) break
    names = now
  }
  return path
}

const MOST_TRIES = 5

/** Of what is listed; temporary files and claims come and go. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw storeError(folder, error)
  })
  return names.filter((name) => /^[^.].*\.(?:json|html)$/.test(name) && name !== INDEX).toSorted()
}

async function indexOf(folder: string, names: readonly string[]): Promise<string> {
  const { runs, skipped } = await readFolder(folder)
  const present = new Set(names)
  const indexed = runs.map((run) => {
    const json = basename(run.file)
    const report = reportPath(json)
    return { run, json: address(json), report: present.has(report) ? address(report) : undefined }
  })
  const named = skipped.map(({ file, why }) => ({ file: basename(file), why }))
  return renderIndex({ runs: indexed, skipped: named }, await loadAssets())
}

/** Of a file beside the page; `./` so that a colon in a name does not make it another scheme. */
function address(name: string): string {
  return `./${encodeURIComponent(name)}`
}
