import { closed, type Executor } from './executor.ts'
import { createRamp, levelsText, type Stage, secondsOf } from './ramp.ts'

/**
 * The closed model in stages: the number of workers changes in straight lines, and each sends as fast as it is answered.
 *
 * @example
 * ```ts
 * {
 *   executor: 'ramping-workers',
 *   stages: [{ durationSeconds: 30, target: 50 }, { durationSeconds: 10, target: 0 }],
 *   workers: 50,
 *   size: 'small',
 *   thresholds: ['success_rate>=0.999'],
 * }
 * ```
 */
export interface RampingWorkers {
  /** Name of the executor. */
  readonly executor: 'ramping-workers'
  /**
   * Workers before the first stage; the spec's `workers` is the most that there will be.
   *
   * @defaultValue `0`
   */
  readonly startWorkers?: number
  /** One after another. */
  readonly stages: readonly Stage[]
}

export type RampingWorkersPlan = RampingWorkers & { readonly startWorkers: number }

/** A number of workers that changes in stages, each sending what it can while it takes part. */
export const rampingWorkers: Executor<RampingWorkers, RampingWorkersPlan> = {
  name: 'ramping-workers',
  model: 'closed',
  goesBy: { suite: 'follows stages of workers', environment: 'follows STRESS_STAGES' },
  takes: { stages: 'stages' },
  levels: { startField: 'startWorkers', unit: ' workers', start: ({ startWorkers }) => startWorkers },
  dealtBy: 'worker',
  plan: ({ executor, startWorkers = 0, stages }) => ({ executor, startWorkers, stages }),
  problems({ startWorkers, stages }, workers) {
    const most = stages.reduce((peak, { target }) => Math.max(peak, target), startWorkers)
    return [
      ...(most > workers ? [`a target of ${most} workers is more than the ${workers} there are.`] : []),
      ...(createRamp(startWorkers, stages).peak < 0.5 ? ['no worker ever takes part.'] : []),
    ]
  },
  /**
   * Worker w (0-based) takes part while the level is at least w + ½: that is the level rounded, and so
   * the time that all workers spend is the area under the ramp.
   */
  pacer({ startWorkers, stages }) {
    const ramp = createRamp(startWorkers, stages)
    return closed({
      total: Number.POSITIVE_INFINITY,
      windowMs: ramp.durationMs,
      turnMs: (worker, _taken, elapsedMs) => ramp.whenLevel(worker + 0.5, elapsedMs),
    })
  },
  describe: ({ startWorkers, stages }, size) =>
    `${levelsText(startWorkers, stages)} workers in ${secondsOf(stages)} s, ${size}`,
  /** As many as its highest stage has. */
  workersOf: (stages) => Math.max(1, ...stages.map(({ target }) => Math.ceil(target))),
}
