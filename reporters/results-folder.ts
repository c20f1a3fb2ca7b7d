import { resolve } from 'node:path'
import type { Vitest } from 'vitest/node'

/** Where results are written: `directory`, else STRESS_RESULTS_DIR, else `results`, from Vitest's root. */
export function resultsFolder(vitest: Vitest | undefined, directory?: string): string {
  const root = vitest?.config.root ?? process.cwd()
  return resolve(root, directory ?? (process.env.STRESS_RESULTS_DIR || 'results'))
}
