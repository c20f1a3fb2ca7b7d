import { createRamp, type Stage } from './ramp.ts'

/**
 * When and how many messages are to start; knows nothing of what a message is. Executors have k6's
 * names, with worker for virtual user.
 */
export type Schedule =
  | { readonly executor: 'shared-iterations'; readonly messages: number }
  | {
      readonly executor: 'per-worker-iterations'
      readonly messagesPerWorker: number
      /** How many workers take part. */
      readonly workers: number
    }
  | { readonly executor: 'constant-workers'; readonly durationSeconds: number }
  | {
      readonly executor: 'ramping-workers'
      readonly startWorkers: number
      readonly stages: readonly Stage[]
    }
  | {
      readonly executor: 'constant-arrival-rate'
      readonly ratePerSecond: number
      readonly durationSeconds: number
    }
  | {
      readonly executor: 'ramping-arrival-rate'
      readonly startRatePerSecond: number
      readonly stages: readonly Stage[]
    }

/** Which part of a load is this generator's, when several offer it together: index is 0-based. */
export interface Split {
  readonly index: number
  readonly generators: number
}

/** When message n is due, and whose turn it is: pure arithmetic, no clock, no timer. */
export interface Pacer {
  /** `open`: messages are due whatever is in flight. `closed`: when a lane is free for them. */
  readonly model: 'open' | 'closed'
  /** How many messages the plan has; Infinity when time alone ends it. */
  readonly total: number
  /** Length of the attack window; undefined when it ends with the last start. */
  readonly windowMs: number | undefined
  /** Milliseconds after the start at which message `n` (0-based) is due; 0 in the closed model. */
  dueMs(n: number): number
  /** How many messages are due up to and at `elapsedMs` after the start. */
  dueBy(elapsedMs: number): number
  /**
   * From when on a worker (0-based) that has taken `taken` messages may take its next one: `elapsedMs`
   * itself when it may now, undefined when it never may again.
   */
  turnMs(worker: number, taken: number, elapsedMs: number): number | undefined
}

/** The pacer of a schedule, or of one generator's part of it. */
export function createPacer(schedule: Schedule, split?: Split): Pacer {
  const whole = wholePacer(schedule)
  // The messages of the other executors belong to workers, and these are what is dealt out.
  const dealt = whole.model === 'open' || schedule.executor === 'shared-iterations'
  return split !== undefined && dealt ? dealtPacer(whole, split) : whole
}

function wholePacer(schedule: Schedule): Pacer {
  switch (schedule.executor) {
    case 'shared-iterations':
      return closed({ total: schedule.messages, turnMs: always })
    case 'per-worker-iterations':
      return perWorkerIterations(schedule.messagesPerWorker, schedule.workers)
    case 'constant-workers':
      return constantWorkers(schedule.durationSeconds * 1000)
    case 'ramping-workers':
      return rampingWorkers(schedule.startWorkers, schedule.stages)
    case 'constant-arrival-rate':
      return constantArrivalRate(schedule.ratePerSecond, schedule.durationSeconds)
    case 'ramping-arrival-rate':
      return rampingArrivalRate(schedule.startRatePerSecond, schedule.stages)
    default:
      return schedule satisfies never
  }
}

const always: Pacer['turnMs'] = (_worker, _taken, elapsedMs) => elapsedMs

function closed(own: Pick<Pacer, 'total' | 'turnMs'> & { windowMs?: number }): Pacer {
  return {
    windowMs: undefined,
    ...own,
    model: 'closed',
    dueMs: () => 0,
    dueBy: (elapsedMs) => (elapsedMs < 0 ? 0 : own.total),
  }
}

function perWorkerIterations(messagesPerWorker: number, workers: number): Pacer {
  return closed({
    total: messagesPerWorker * workers,
    turnMs: (_worker, taken, elapsedMs) => (taken < messagesPerWorker ? elapsedMs : undefined),
  })
}

function constantWorkers(windowMs: number): Pacer {
  return closed({
    total: Number.POSITIVE_INFINITY,
    windowMs,
    turnMs: (_worker, _taken, elapsedMs) => (elapsedMs < windowMs ? elapsedMs : undefined),
  })
}

/**
 * Worker w (0-based) takes part while the level is at least w + ½: that is the level rounded, and so
 * the time that all workers spend is the area under the ramp.
 */
function rampingWorkers(startWorkers: number, stages: readonly Stage[]): Pacer {
  const ramp = createRamp(startWorkers, stages)
  return closed({
    total: Number.POSITIVE_INFINITY,
    windowMs: ramp.durationMs,
    turnMs: (worker, _taken, elapsedMs) => ramp.whenLevel(worker + 0.5, elapsedMs),
  })
}

/** 0.1 · 30 is 3.0000000000000004 in floating point: still three messages. */
const ROUNDING = 1e-6

/** Message n is due at n / rate; n = 0 at the start, the last one before the window ends. */
function constantArrivalRate(ratePerSecond: number, durationSeconds: number): Pacer {
  const total = Math.max(0, Math.ceil(ratePerSecond * durationSeconds - ROUNDING))
  return {
    model: 'open',
    total,
    windowMs: durationSeconds * 1000,
    dueMs: (n) => (n * 1000) / ratePerSecond,
    dueBy(elapsedMs) {
      if (elapsedMs < 0) return 0
      return Math.min(total, Math.floor((elapsedMs * ratePerSecond) / 1000 + ROUNDING) + 1)
    },
    turnMs: always,
  }
}

/** Message n is due when the area under the rate curve reaches n: ∫ rate dt = n. */
function rampingArrivalRate(startRatePerSecond: number, stages: readonly Stage[]): Pacer {
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
}

/** Every `generators`-th message of the whole, from the `index`-th on, at its time in the whole. */
function dealtPacer(whole: Pacer, split: Split): Pacer {
  return {
    ...whole,
    total: dealtCount(whole.total, split),
    dueMs: (n) => whole.dueMs(split.index + n * split.generators),
    dueBy: (elapsedMs) => dealtCount(whole.dueBy(elapsedMs), split),
  }
}

/** How many of the first `count` of a plan are this generator's. */
export function dealtCount(count: number, { index, generators }: Split): number {
  return Math.max(0, Math.ceil((count - index) / generators))
}
