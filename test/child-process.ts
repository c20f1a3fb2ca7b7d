import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * What a program that a test starts gets of this environment: the cache of compiled code, which halves the CPU time of
 * its start, and PATH; nothing that would change what it does.
 */
export const BARE_ENVIRONMENT: Readonly<NodeJS.ProcessEnv> = {
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
}

/** Resolves once a line on its stderr has the text; rejects when it ends before, with its last line. */
export function saysOnStderr(child: ChildProcess, text: string): Promise<void> {
  const { stderr, spawnfile } = child
  if (stderr === null) throw new Error(`${spawnfile} has no stderr`)
  return new Promise((resolve, reject) => {
    let last = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${spawnfile} exited with code ${code}: ${last}`)))
    createInterface({ input: stderr }).on('line', (line) => {
      last = line
      if (line.includes(text)) resolve()
    })
  })
}

/** Resolves when it has ended; one that has ended already is left alone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
