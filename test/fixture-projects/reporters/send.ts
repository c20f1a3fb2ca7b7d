import { recordArtifact, type TestContext } from 'vitest'
import { PROGRESS_ARTIFACT } from '../../../fixtures/task-data.ts'
import type { Progress } from '../../../src/engine/progress.ts'

/** What a scenario's test does while it sends: reports a progress. */
export async function reportProgress(task: TestContext['task'], changes: Partial<Progress>): Promise<void> {
  const progress: Progress = {
    scenario: 'burst',
    part: null,
    run_id: 'b7f3a1c2',
    elapsed_seconds: 1,
    planned: 5000,
    accepted: 2500,
    deferred: 0,
    rejected: 0,
    failed: 0,
    in_flight: 50,
    rate: 2500,
    target_rate: null,
    p50_ms: 12,
    p99_ms: 41,
    errors: [],
    left_seconds: 1,
    ...changes,
  }
  await recordArtifact(task, { type: PROGRESS_ARTIFACT, progress })
}
