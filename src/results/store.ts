import { access, constants, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, MailstormError } from '../error.ts'
import type { AnyResult } from '../pressure/result.ts'
import type { ProbeResult } from '../probe/report.ts'
import { makeFolder, writeAtomically } from './atomic-write.ts'
import { textAt } from './fields.ts'
import { RESULT_KINDS } from './kinds.ts'
import { readHead, resultJson } from './result-json.ts'
import { claimName, createNumbered, readIdentity, releaseName } from './run-name.ts'

/** A copy of the newest result, under a fixed name. */
export const LATEST = 'latest.json'

export interface StoredResult {
  readonly json: string
  readonly markdown: string
}

/**
 * Writes `<stamp>-<scenario>[--<part>].json`, the Markdown beside it, and `latest.json`. Each file appears
 * whole or not at all. Writing the same run again replaces it; another run of the same second, of any process,
 * gets a number.
 */
export async function storeResult(
  folder: string,
  result: AnyResult,
  markdown: string,
): Promise<StoredResult & { readonly latestFailure?: MailstormError }> {
  const json = resultJson(result)
  let name: string
  try {
    await makeFolder(folder)
    name = await writeUnderOwnName(folder, result, { json, markdown })
  } catch (error) {
    throw storeError(folder, error)
  }
  const stored = { json: join(folder, `${name}.json`), markdown: join(folder, `${name}.md`) }
  try {
    await writeLatest(folder, result, json)
    return stored
  } catch (error) {
    // The run's own files are written: report them, and let the HTML page be written too.
    return { ...stored, latestFailure: storeError(join(folder, LATEST), error) }
  }
}

async function writeUnderOwnName(
  folder: string,
  result: AnyResult,
  { json, markdown }: StoredResult,
): Promise<string> {
  const name = await claimName(folder, result)
  try {
    await writeAtomically(join(folder, `${name}.md`), markdown)
    await writeAtomically(join(folder, `${name}.json`), json)
  } catch (error) {
    // An archive of logs keeps the name taken.
    if (result.logs === undefined) await releaseName(folder, name)
    throw error
  }
  await releaseName(folder, name)
  return name
}

/**
 * `latest.json` is a copy, not a link: links need a privilege on Windows, and do not survive archives and CI
 * artifacts that hold only this file. It never goes back in time: merging older reports leaves it alone. Two
 * processes may pass each other between check and write, so the folder is checked again afterwards; each run's
 * own file was there before its copy was begun.
 */
async function writeLatest(folder: string, result: AnyResult, json: string): Promise<void> {
  const path = join(folder, LATEST)
  let own: Moment = momentOf(result)
  let copy = json
  for (;;) {
    const present = await readIdentity(path)
    if (present !== undefined && isLater(momentOf(present), own)) return
    await writeAtomically(path, copy)
    const newer = await newestAfter(folder, own)
    if (newer === undefined) return
    own = newer.moment
    copy = newer.json
  }
}

/** When a run began: the stamp has whole seconds of local time, as in the file's name. */
interface Moment {
  readonly stamp: string
  readonly start: string
}

function momentOf(json: unknown): Moment {
  return { stamp: textAt(json, 'stamp') ?? '', start: textAt(json, 'metrics', 'start_time') ?? '' }
}

function isLater(a: Moment, b: Moment): boolean {
  return a.stamp > b.stamp || (a.stamp === b.stamp && a.start > b.start)
}

/** The newest result among files named after the same second or a later one. */
async function newestAfter(folder: string, own: Moment) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name >= own.stamp)
  let newest: { readonly moment: Moment; readonly json: string } | undefined
  for (const name of names) {
    if (name === LATEST || !/^\d{8}-\d{6}-/.test(name)) continue
    const head = await readHead(join(folder, name)).catch(() => undefined)
    const moment = momentOf(head)
    if (!isResultFormat(textAt(head, 'format')) || !isLater(moment, newest?.moment ?? own)) continue
    newest = { moment, json: await readFile(join(folder, name), 'utf8') }
  }
  return newest
}

function isResultFormat(format: string | null): boolean {
  return RESULT_KINDS.some((kind) => kind.format === format)
}

/**
 * Creates the folder, and rejects when it is not writable: better before a run of hours than after it. A disk
 * that is full now may have space by then.
 */
export async function checkResultsFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')) throw storeError(folder, error)
  }
}

const CAUSES: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, or set STRESS_RESULTS_DIR to a folder on another disk.'],
  EDQUOT: [
    'the disk quota is used up',
    'Free some space, or set STRESS_RESULTS_DIR to a folder on another disk.',
  ],
  ENOENT: [
    'it cannot be made there, or has been removed',
    'Set STRESS_RESULTS_DIR to a folder that can be written to.',
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
  const text = errorText(error)
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

/** Writes `<stamp>-probe.json` and the Markdown beside it; `latest.json` is for load tests only. */
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
