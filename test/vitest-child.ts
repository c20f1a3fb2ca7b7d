import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BARE_ENVIRONMENT } from './child-process.ts'

const ROOT = join(import.meta.dirname, '..')

export interface VitestRun {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** stdout and stderr as they came, without colours. */
  readonly output: string
  readonly stdout: string
}

export interface VitestOptions {
  /** Path of the configuration from the project's root. */
  readonly config: string
  /** Value of `-t`; absent where blobs are merged. */
  readonly name?: string
  readonly env?: NodeJS.ProcessEnv
  readonly args?: readonly string[]
  /** Things to do, one after another, each once its text has been written since the one before. */
  readonly steps?: readonly Step[]
}

export interface Step {
  readonly text: string
  act(child: ChildProcess): void
}

/** Runs the real Vitest in a process of its own, with nothing of ours in its environment. */
export async function runVitest(options: VitestOptions): Promise<VitestRun> {
  const { config, name, env = {}, args = [] } = options
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', join(ROOT, config), ...(name === undefined ? [] : ['-t', name]), ...args],
    {
      cwd: ROOT,
      env: { ...BARE_ENVIRONMENT, HOME: process.env.HOME, NO_COLOR: '1', CI: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const steps = [...(options.steps ?? [])]
  let output = ''
  let stdout = ''
  let seen = 0
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (stream === child.stdout) stdout += text
      const [step] = steps
      if (step === undefined || !output.slice(seen).includes(step.text)) return
      seen = output.length
      steps.shift()
      step.act(child)
    })
  }
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { exitCode, signal, output, stdout }
}

/** Pids of the SMTP servers that a process has started (Linux). */
export function serverPidsOf(parentPid: number | undefined): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return (
        Number(parent) === parentPid &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('src/programs/smtp-server/main.ts')
      )
    } catch {
      // It ended between the listing and the look.
      return false
    }
  })
}
