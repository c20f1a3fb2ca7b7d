import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { BARE_ENVIRONMENT } from '../child-process.ts'

export const CLI = join(import.meta.dirname, '../../src/cli.ts')

export interface CommandRun {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** `mailstorm …` as a user starts it, in a pipe, in a folder; `onOutput` gets all of stdout so far. */
export async function mailstorm(
  cwd: string,
  args: readonly string[],
  onOutput: (output: string, child: ChildProcess) => void = () => undefined,
): Promise<CommandRun> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...BARE_ENVIRONMENT, HOME: process.env.HOME, STRESS_COOLDOWN: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    onOutput(out, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, out, err }
}

/** A folder with files, removed when the test has finished. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-analysis-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}
