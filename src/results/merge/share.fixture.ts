import { Histogram } from '../../engine/histogram.ts'
import type { Result } from '../../engine/result.ts'
import { burstResult } from '../../report/result.fixture.ts'
import type { RunFile } from '../result-files.ts'
import { viewOf } from '../run-view.ts'
import { mergeResults } from './merge.ts'

const START_MS = Date.parse('2026-01-02T03:04:05.000Z')

export interface ShareOptions {
  readonly index: number
  readonly generators?: number
  readonly startedMs?: number
  /** Response times of its messages. */
  readonly times?: readonly number[]
  readonly changes?: Partial<Result>
}

/** One generator's file of a split run. */
export function shareFile(options: ShareOptions): RunFile {
  const { index, generators = 2, startedMs = 0, times = [1], changes = {} } = options
  const recorded = new Histogram()
  for (const ms of times) recorded.record(ms)
  const histogram = recorded.toSparse()
  const result = burstResult({
    run_id: `night7g${index}`,
    split: {
      generators,
      index,
      shared_run_id: 'night7',
      agreed_start: new Date(START_MS).toISOString(),
      started_at: new Date(START_MS + startedMs).toISOString(),
      start_late_ms: startedMs,
    },
    histograms: { response_time: histogram, service_time: histogram },
    ...changes,
  })
  const file = `g${index}.json`
  const view = viewOf(file, result)
  if (view === undefined) throw new Error('the fixture is no run')
  return { json: JSON.parse(JSON.stringify(result)), view }
}

/** The merged result of these generators. */
export function merged(...options: readonly ShareOptions[]): Result {
  return mergeResults(options.map(shareFile))
}
