import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { embeddedProxy } from '../../containers/proxy.ts'
import { MailstormError } from '../../src/error.ts'

const execute = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The proxy of another commit, from a working tree of its own. */
export interface ProxyBefore extends AsyncDisposable {
  readonly embeddedProxy: typeof embeddedProxy
}

/** Checks the commit out beside this one; it shares this one's installed packages. */
export async function proxyBefore(commit: string): Promise<ProxyBefore> {
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
    const program = pathToFileURL(join(tree, 'containers/proxy.ts')).href
    const loaded = (await import(program)) as typeof import('../../containers/proxy.ts')
    return { embeddedProxy: loaded.embeddedProxy, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw new MailstormError('BENCH', `Failed to set up the proxy of ${commit}: ${(error as Error).message}`)
  }
}

/** It was not added. */
function ignore(): void {}
