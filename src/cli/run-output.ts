import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { textAt } from '../analysis/fields.ts'
import { LATEST } from '../analysis/store.ts'
import { errorText } from '../error.ts'

export interface RunOutput {
  readonly folder: string
  readonly scenario: string
  /** Path of the copy. */
  readonly output: string
}

/**
 * Copies the result of the run that follows when this process ends, whatever ended it. Synchronous:
 * nothing else is done at that time.
 */
export function copyResultAtExit(wanted: RunOutput): void {
  const before = new Set(resultNames(wanted.folder))
  process.once('exit', () => {
    const written = resultNames(wanted.folder)
      .filter((name) => !before.has(name))
      .filter((name) => scenarioOf(join(wanted.folder, name)) === wanted.scenario)
    const [only] = written
    if (only === undefined || written.length > 1) {
      console.error(notCopied(wanted, written))
      process.exitCode ||= 1
      return
    }
    try {
      copyFileSync(join(wanted.folder, only), wanted.output)
      console.log(`Copied to ${wanted.output}`)
    } catch (error) {
      console.error(`Failed to copy ${only} to ${wanted.output}: ${errorText(error)}`)
      process.exitCode ||= 1
    }
  })
}

function resultNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json') && name !== LATEST)
  } catch {
    // Not there yet: the run makes it.
    return []
  }
}

function scenarioOf(path: string): string | null {
  try {
    return textAt(JSON.parse(readFileSync(path, 'utf8')), 'scenario')
  } catch {
    // Not a result, or one that another run is replacing.
    return null
  }
}

function notCopied({ folder, output }: RunOutput, written: readonly string[]): string {
  if (written.length === 0) return `Nothing to copy to ${output}: the run wrote no result.`
  return `Not copied to ${output}: the scenario wrote ${written.length} results, ${written.join(', ')} in ${folder}.`
}
