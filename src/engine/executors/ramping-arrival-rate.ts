import { always, type Executor, ROUNDING } from './executor.ts'
import { createRamp, levelsText, type Stage, secondsOf } from './ramp.ts'

/**
 * The open model in stages: messages are due at a rate that changes in straight lines, whatever is in flight.
 *
 * @example From 10 to 50 messages a second within 30 s, then a minute at 50.
 * ```ts
 * {
 *   executor: 'ramping-arrival-rate',
 *   startRate: 10,
 *   stages: [{ durationSeconds: 30, target: 50 }, { durationSeconds: 60, target: 50 }],
 *   workers: 20,
 *   size: 'small',
 *   thresholds: ['p(99)<500', 'dropped==0'],
 * }
 * ```
 */
export interface RampingArrivalRate {
  /** Name of the executor. */
  readonly executor: 'ramping-arrival-rate'
  /**
   * Messages per second before the first stage.
   *
   * @defaultValue `0`
   */
  readonly startRate?: number
  /** One after another. */
  readonly stages: readonly Stage[]
}

export interface RampingArrivalRatePlan {
  readonly executor: 'ramping-arrival-rate'
  readonly startRatePerSecond: number
  readonly stages: readonly Stage[]
}

/** Messages at a rate that changes in stages, whatever is in flight. */
export const rampingArrivalRate: Executor<RampingArrivalRate, RampingArrivalRatePlan> = {
  name: 'ramping-arrival-rate',
  model: 'open',
  goesBy: { suite: 'follows stages of a rate', environment: 'follows STRESS_STAGES' },
  takes: { stages: 'stages' },
  levels: { startField: 'startRate', unit: '/s', start: ({ startRatePerSecond }) => startRatePerSecond },
  dealtBy: 'message',
  plan: ({ executor, startRate = 0, stages }) => ({ executor, startRatePerSecond: startRate, stages }),
  /** Message n is due when the area under the rate curve reaches n: ∫ rate dt = n. */
  pacer({ startRatePerSecond, stages }) {
    const ramp = createRamp(startRatePerSecond, stages)
    const total = Math.max(0, Math.ceil(ramp.areaBy(ramp.durationMs) - ROUNDING))
    const dueMs = (n: number) => ramp.whenArea(n)
    return {
      model: 'open',
      total,
      windowMs: ramp.durationMs,
      dueMs,
      dueBy(elapsedMs) {
        const last = Math.floor(ramp.areaBy(elapsedMs) + ROUNDING)
        // While the rate is 0 the area may stand at exactly n: then n is due when it goes on.
        return Math.min(total, dueMs(last) <= elapsedMs + ROUNDING ? last + 1 : last)
      },
      turnMs: always,
    }
  },
  shareOf(plan, taking, workers) {
    const share = taking / workers
    return {
      ...plan,
      startRatePerSecond: plan.startRatePerSecond * share,
      stages: plan.stages.map((stage) => ({ ...stage, target: stage.target * share })),
    }
  },
  describe: ({ startRatePerSecond, stages }, size) =>
    `${levelsText(startRatePerSecond, stages)}/s in ${secondsOf(stages)} s, ${size}`,
}
