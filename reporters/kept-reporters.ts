import type { Plugin } from 'vitest/config'
import type { Reporter, Vitest } from 'vitest/node'

/**
 * Vitest's `--reporter` takes the place of all reporters that a configuration names. Those that write results,
 * end a run properly or serve its figures stay, whoever else reports.
 */
export function keepReporters(kept: readonly Reporter[]): Plugin {
  return {
    name: 'mailstorm:kept-reporters',
    configureVitest({ vitest }) {
      const { reporters } = vitest.config
      reporters.push(...kept.filter((reporter) => !reporters.includes(reporter)))
    },
  }
}

/** Vitest's reporters that write for programs to stdout; `json` and `junit` do where `stdout: true` says so. */
const FOR_PROGRAMS: readonly unknown[] = ['tap', 'tap-flat']

/** Writes what a person reads: to stderr where stdout is for a program. */
export function tell(vitest: Vitest | undefined, text: string): void {
  if (vitest === undefined) return
  if (programReads(vitest)) vitest.logger.error(text)
  else vitest.logger.log(text)
}

/** The stream that `tell` writes to. */
export function toldTo(vitest: Vitest): NodeJS.WritableStream {
  return programReads(vitest) ? vitest.logger.errorStream : vitest.logger.outputStream
}

function programReads({ config }: Vitest): boolean {
  return config.reporters.some((reporter) => {
    if (!Array.isArray(reporter)) return false
    const [name, options] = reporter as readonly [string, { readonly stdout?: boolean } | undefined]
    return FOR_PROGRAMS.includes(name) || options?.stdout === true
  })
}
