import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MailstormError } from '../error.ts'
import { createAtomically, createExclusively } from './atomic-write.ts'
import { isFields } from './fields.ts'
import { readHead } from './result-json.ts'

/** Identifies a run, and names its files. */
export interface RunIdentity {
  readonly stamp: string
  readonly scenario: string
  readonly part: string | null
  readonly run_id: string
}

/**
 * `<stamp>-<scenario>[--<part>]`. The words come from a suite file or the command line: only characters that
 * every file system accepts are kept, in lower case because Windows and macOS treat `Burst` and `burst` as one
 * name. A word that loses anything gets a digest of the original, so that no two scenarios share a name.
 */
export function fileNameOf({ stamp, scenario, part }: Omit<RunIdentity, 'run_id'>): string {
  const words = part === null ? [scenario] : [scenario, part]
  return `${stamp.replace(/[^\d-]/g, '') || 'undated'}-${words.map(fileWord).join('--')}`
}

const LONGEST_WORD = 60
/** Lower case, and no separator before the digest or number that may follow. */
const PLAIN = /^[a-z0-9]+(?:[ .-][a-z0-9]+)*$/
const LOOKS_LIKE_OURS = /-[0-9a-f]{8}$|\.\d+$|^probe$/

function fileWord(word: string): string {
  if (PLAIN.test(word) && !LOOKS_LIKE_OURS.test(word) && word.length <= LONGEST_WORD)
    return word.replaceAll(' ', '_')
  const legible = word
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_WORD)
    .replace(/^-|-$/g, '')
  // As JSON: in UTF-8 all lone surrogates would be the same.
  const digest = createHash('sha256').update(JSON.stringify(word)).digest('hex').slice(0, 8)
  return `${legible || 'run'}-${digest}`
}

const MOST_OF_ONE_SECOND = 1000

/** `burst`, `burst.2`, `burst.3`: names for files of the same second. */
function* numberedNames(base: string): Generator<string> {
  yield base
  for (let number = 2; number <= MOST_OF_ONE_SECOND; number++) yield `${base}.${number}`
}

/**
 * Reserves a name for all files of a run before the first is written: a worker writes the archive of logs,
 * later a reporter writes the result. Creating the claim file decides, also among processes; it lasts until
 * `releaseName`, when the result itself holds the name. Asked again, a run gets the same name.
 */
export async function claimName(folder: string, run: RunIdentity): Promise<string> {
  const base = fileNameOf(run)
  for (const name of numberedNames(base)) {
    const isTaken = async () => !isFreeFor(run, await readIdentity(join(folder, `${name}.json`)))
    if (await isTaken()) continue
    if (!(await createClaim(claimPath(folder, name), run))) continue
    // Another run may have stored its result and released its claim since the check above.
    if (!(await isTaken())) return name
    await releaseName(folder, name)
  }
  throw tooManyOfOneSecond(folder, base)
}

/** For a run whose result has been written, or could not be. */
export async function releaseName(folder: string, name: string): Promise<void> {
  await rm(claimPath(folder, name), { force: true })
}

function claimPath(folder: string, name: string): string {
  return join(folder, `.${name}.claim`)
}

/** False when another run holds the claim. */
async function createClaim(path: string, { stamp, scenario, part, run_id }: RunIdentity): Promise<boolean> {
  const run = { run_id, stamp, scenario, part }
  try {
    await createAtomically(path, `${JSON.stringify(run)}\n`)
    return true
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    const holder = await readIdentity(path)
    return holder !== undefined && isFreeFor(run, holder)
  }
}

type Identity = Readonly<Record<string, unknown>>

/** Whose file a path holds; undefined when there is none, `{}` when it is nobody's. */
export async function readIdentity(path: string): Promise<Identity | undefined> {
  try {
    const value: unknown = await readHead(path)
    return isFields(value) ? value : {}
  } catch (error) {
    if (error instanceof SyntaxError || isCode(error, 'EISDIR')) return {}
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function isFreeFor(run: RunIdentity, present: Identity | undefined): boolean {
  if (present === undefined) return true
  return (['run_id', 'scenario', 'part'] as const).every((name) => present[name] === run[name])
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Creates a new file and never overwrites one; resolves with its path. */
export async function createNumbered(
  folder: string,
  base: string,
  extension: string,
  write: (temporary: string) => Promise<void>,
): Promise<string> {
  for (const name of numberedNames(base)) {
    const path = join(folder, name + extension)
    try {
      await createExclusively(path, write)
      return path
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
    }
  }
  throw tooManyOfOneSecond(folder, base)
}

function tooManyOfOneSecond(folder: string, base: string): MailstormError {
  return new MailstormError(
    'RESULTS_NOT_WRITTEN',
    `Failed to write results: "${folder}" already holds ${MOST_OF_ONE_SECOND} files named ${base}.`,
    'Set STRESS_RESULTS_DIR to another folder.',
  )
}
