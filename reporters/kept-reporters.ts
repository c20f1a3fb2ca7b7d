import type { Plugin } from 'vitest/config'
import type { Reporter, Vitest } from 'vitest/node'

/**
 * Vitest's `--reporter` replaces every reporter of the configuration. This plugin puts back those that write
 * results, end a run properly or serve its figures.
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

/**
 * Vitest's reporters that write machine-readable output to stdout; `json` and `junit` do so with `stdout:
 * true`.
 */
const FOR_PROGRAMS: readonly unknown[] = ['tap', 'tap-flat']

/** Prints for a human reader: to stderr when stdout carries machine-readable output. */
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
