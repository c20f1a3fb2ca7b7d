import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { PROGRESS_ARTIFACT } from '../fixtures/task-data.ts'
import { renderLivePage } from '../src/report/html/live.ts'
import { loadAssets } from '../src/report/html/page.ts'
import { LiveHub } from '../src/run/live/hub.ts'
import { EVENTS_PATH, LiveServer } from '../src/run/live/server.ts'
import { collectResults, resultKey, resultOf } from './collect-results.ts'
import { tell } from './kept-reporters.ts'

type Artifact = Parameters<NonNullable<Reporter['onTestCaseArtifactRecord']>>[1]

/** Serves live charts of the run over HTTP (`STRESS_LIVE=1`). */
export default class LiveViewReporter implements Reporter {
  readonly #port: number
  readonly #told = new Set<string>()
  #vitest: Vitest | undefined
  #hub: LiveHub | undefined
  #server: LiveServer | undefined

  /**
   * @param options - where to serve
   * @param options.port - port on 127.0.0.1; 0 for any free one
   */
  constructor({ port }: { readonly port: number }) {
    this.#port = port
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    vitest.onClose(() => this.#server?.stop())
  }

  async onTestRunStart(): Promise<void> {
    if (this.#server !== undefined) return
    const assets = await loadAssets()
    const hub = new LiveHub(assets)
    const server = new LiveServer(hub, renderLivePage(EVENTS_PATH, assets))
    const address = await server.start(this.#port)
    this.#hub = hub
    this.#server = server
    tell(this.#vitest, `Live view: ${address}`)
  }

  onTestCaseArtifactRecord(_testCase: TestCase, artifact: Artifact): void {
    if (artifact.type !== PROGRESS_ARTIFACT) return
    this.#hub?.running(artifact.progress, artifact.rows)
  }

  onTestCaseResult(testCase: TestCase): void {
    const result = resultOf(testCase)
    if (result !== undefined) this.#tell(result)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const result of collectResults(modules)) this.#tell(result)
    this.#hub?.end()
  }

  #tell(result: NonNullable<ReturnType<typeof resultOf>>): void {
    const key = resultKey(result)
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#hub?.finished(result)
  }
}
