import { appendFile } from 'node:fs/promises'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import type { Result } from '../src/load/result.ts'
import { renderMarkdown, renderMarkdownSummary } from '../src/render/markdown.ts'
import { collectResults } from './collect-results.ts'
import { annotationsOf } from './github-annotations.ts'

/** GitHub drops a step's whole summary when it is over 1 MiB; the table alone is left below that. */
const MOST_SUMMARY_BYTES = 900 * 1024

/** On GitHub Actions: the job summary, and annotations for thresholds that were missed. Elsewhere nothing. */
export default class GithubReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const results = collectResults(modules)
    if (results.length === 0) return
    if (process.env.GITHUB_ACTIONS === 'true') {
      for (const line of results.flatMap(annotationsOf)) this.#vitest?.logger.log(line)
    }
    const path = process.env.GITHUB_STEP_SUMMARY
    if (path === undefined || path === '') return
    try {
      await appendFile(path, jobSummary(results))
    } catch (error) {
      this.#vitest?.logger.error(`Failed to append to GITHUB_STEP_SUMMARY "${path}": ${String(error)}`)
    }
  }
}

export function jobSummary(results: readonly Result[], mostBytes = MOST_SUMMARY_BYTES): string {
  const table = `# mailstorm\n\n${renderMarkdownSummary(results)}\n`
  const full = `${table}\n${results.map(renderMarkdown).join('\n')}`
  if (Buffer.byteLength(full) <= mostBytes) return full
  return `${table}\nThe details are too long for a job summary: see the results that were written.\n`
}
