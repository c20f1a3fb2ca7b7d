import { runVitest as runVitestWith, type VitestRun } from '../../vitest-child.ts'

export type { VitestRun }

/** A signal to send once the run has written a text. */
export interface SignalAfter {
  readonly text: string
  readonly signal: NodeJS.Signals
}

/** Runs one describe of this project through the real Vitest in a process of its own. */
export function runVitest(
  scenario: string,
  env: NodeJS.ProcessEnv,
  options: { readonly signals?: readonly SignalAfter[]; readonly extraArguments?: readonly string[] } = {},
): Promise<VitestRun> {
  const { signals = [], extraArguments = [] } = options
  return runVitestWith({
    config: 'test/fixture-projects/reporters/vitest.config.ts',
    name: scenario,
    env,
    args: extraArguments,
    steps: signals.map(({ text, signal }) => ({ text, act: (child) => void child.kill(signal) })),
  })
}
