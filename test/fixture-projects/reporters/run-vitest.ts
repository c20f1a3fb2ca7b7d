import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')

export interface VitestRun {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** stdout and stderr as they came, without colours. */
  readonly output: string
}

/** A signal to send once the run has written a text. */
export interface SignalAfter {
  readonly text: string
  readonly signal: NodeJS.Signals
}

/** Runs one describe of this project through the real Vitest in a process of its own. */
export async function runVitest(
  scenario: string,
  env: NodeJS.ProcessEnv,
  options: { readonly signals?: readonly SignalAfter[]; readonly extraArguments?: readonly string[] } = {},
): Promise<VitestRun> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const config = join(import.meta.dirname, 'vitest.config.ts')
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', config, '-t', scenario, ...(options.extraArguments ?? [])],
    {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', CI: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const signals = [...(options.signals ?? [])]
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const next = signals[0]
      if (next === undefined || !output.includes(next.text)) return
      signals.shift()
      child.kill(next.signal)
    })
  }
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { exitCode, signal, output }
}
