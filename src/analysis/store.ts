import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MailstormError } from '../error.ts'
import type { AnyResult } from '../pressure/result.ts'
import { writeAtomically } from './atomic-write.ts'
import { resultJson } from './head.ts'

/** The newest result under a name that never changes. */
export const LATEST = 'latest.json'

export interface StoredResult {
  readonly json: string
  readonly markdown: string
}

/**
 * Writes `<stamp>-<scenario>[-<part>].json`, the Markdown beside it, and `latest.json`. Each file
 * appears whole or not at all. Writing the same run again replaces it; another run of the same second
 * gets a number.
 */
export async function storeResult(
  folder: string,
  result: AnyResult,
  markdown: string,
): Promise<StoredResult> {
  const json = resultJson(result)
  try {
    await mkdir(folder, { recursive: true })
    const name = await freeName(folder, result)
    const stored = { json: join(folder, `${name}.json`), markdown: join(folder, `${name}.md`) }
    await writeAtomically(stored.markdown, markdown)
    await writeAtomically(stored.json, json)
    await writeLatest(folder, result, json)
    return stored
  } catch (error) {
    throw storeError(folder, error)
  }
}

/**
 * `latest.json` is a copy, not a link: links need a privilege on Windows, and do not survive archives
 * and CI artifacts that hold the one file alone. It never goes back in time: merging older reports
 * leaves it as it is.
 */
async function writeLatest(folder: string, result: AnyResult, json: string): Promise<void> {
  const path = join(folder, LATEST)
  const present = await readResult(path)
  const presentStamp = present?.stamp
  if (typeof presentStamp === 'string' && presentStamp > result.stamp) return
  await writeAtomically(path, json)
}

/** The scenario's name comes from a suite file or a command line: only what is safe in a file name stays. */
export function fileNameOf({
  stamp,
  scenario,
  part,
}: Pick<AnyResult, 'stamp' | 'scenario' | 'part'>): string {
  const words = part === null ? [stamp, scenario] : [stamp, scenario, part]
  return words.map((word) => word.replace(/[^\w.]+/g, '-').replace(/^[-.]+|-+$/g, '') || 'run').join('-')
}

const MOST_OF_ONE_SECOND = 1000

async function freeName(folder: string, result: AnyResult): Promise<string> {
  const base = fileNameOf(result)
  for (let number = 1; number <= MOST_OF_ONE_SECOND; number++) {
    const name = number === 1 ? base : `${base}-${number}`
    const present = await readResult(join(folder, `${name}.json`))
    if (present === undefined || present.run_id === result.run_id) return name
  }
  throw new MailstormError(
    'RESULTS_NOT_WRITTEN',
    `Failed to write results: "${folder}" already holds ${MOST_OF_ONE_SECOND} runs named ${base}.`,
  )
}

/** What stands at a path; undefined when nothing does, `{}` when it is not a result. */
async function readResult(path: string): Promise<{ run_id?: unknown; stamp?: unknown } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

const CAUSES: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, or set STRESS_RESULTS_DIR to a folder on another disk.'],
  EDQUOT: [
    'the disk quota is used up',
    'Free some space, or set STRESS_RESULTS_DIR to a folder on another disk.',
  ],
  EROFS: ['the file system is read-only', 'Set STRESS_RESULTS_DIR to a folder that can be written to.'],
  EACCES: ['permission denied', 'Set STRESS_RESULTS_DIR to a folder that can be written to.'],
  EPERM: ['permission denied', 'Set STRESS_RESULTS_DIR to a folder that can be written to.'],
  ENOTDIR: ['it is not a folder', 'Set STRESS_RESULTS_DIR to a folder.'],
  EEXIST: ['it is not a folder', 'Set STRESS_RESULTS_DIR to a folder.'],
}

/** Says which folder, why, and what to do. */
export function storeError(folder: string, error: unknown): MailstormError {
  if (error instanceof MailstormError) return error
  const code = errorCode(error)
  const text = error instanceof Error ? error.message : String(error)
  const [why, hint] = CAUSES[code ?? ''] ?? [
    text,
    'Set STRESS_RESULTS_DIR to a folder that can be written to.',
  ]
  const codeNote = code === undefined || why === text ? '' : ` (${code})`
  return new MailstormError(
    'RESULTS_NOT_WRITTEN',
    `Failed to write results to "${folder}": ${why}${codeNote}.`,
    hint,
  )
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
