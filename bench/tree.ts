import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { MailstormError } from '../src/error.ts'

const execute = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The files of another commit, in a working tree of its own. */
export interface Tree extends AsyncDisposable {
  /** File URL of one of its modules. */
  readonly url: (path: string) => string
}

/** Checks the commit out beside this one; it shares this one's installed packages. */
export async function treeOf(commit: string): Promise<Tree> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-before-'))
  const tree = join(folder, 'tree')
  const git = (...args: string[]) => execute('git', ['-C', ROOT, 'worktree', ...args])
  const remove = async () => {
    await git('remove', '--force', tree).catch(ignore)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await git('add', '--detach', tree, commit)
    await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
    return { url: (path) => pathToFileURL(join(tree, path)).href, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw new MailstormError('BENCH', `Failed to check out ${commit}: ${(error as Error).message}`)
  }
}

/** Engines of before level `chunks` would send something else for it. */
export async function knowsChunks({ url }: Tree): Promise<boolean> {
  const module = await import(url('src/smtp/target.ts')).catch(ignore)
  const levels = (module as { PIPELINING_LEVELS?: readonly string[] } | undefined)?.PIPELINING_LEVELS
  return levels?.includes('chunks') === true
}

/** What git takes for a commit, and never for an option. */
export function commitOf(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._/~^-]{0,100}$/.test(text)) return text
  throw new MailstormError('BAD_OPTIONS', `Failed to read --before: "${text}" is not a commit.`)
}

/** It was not added, or is not there. */
function ignore(): void {}
