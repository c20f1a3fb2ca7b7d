import type { Progress } from '../../engine/progress.ts'
import type { PressureProgress } from '../../pressure/progress.ts'

export function progress(changes: Partial<Progress> = {}): Progress {
  return {
    scenario: 'burst',
    part: null,
    run_id: 'run-1',
    elapsed_seconds: 3,
    planned: 5000,
    accepted: 2400,
    deferred: 0,
    rejected: 0,
    failed: 0,
    in_flight: 50,
    rate: 1200,
    target_rate: null,
    p50_ms: 12,
    p99_ms: 70,
    errors: [],
    left_seconds: 2,
    ...changes,
  }
}

export function pressureProgress(changes: Partial<PressureProgress> = {}): PressureProgress {
  return {
    kind: 'pressure',
    scenario: 'pressure',
    part: null,
    run_id: 'run-p',
    phase: 'generating',
    elapsed_seconds: 3,
    left_seconds: 27,
    handed_over: 12,
    delivered: 9,
    reported: 5,
    errors: 0,
    sync_calls: 8,
    pending: 3,
    rate: 3,
    p95_ms: 410,
    ...changes,
  }
}
