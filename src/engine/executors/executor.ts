import type { Stage } from './ramp.ts'

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

/** What the environment may say of a load: STRESS_MESSAGES, STRESS_RATE, STRESS_DURATION, STRESS_STAGES. */
export interface Amounts {
  readonly messages: number
  /** Messages per second. */
  readonly rate: number
  readonly durationSeconds: number
  readonly stages: readonly Stage[]
}

/** What names its executor, as k6 names it, with worker for virtual user. */
interface Named {
  readonly executor: string
}

/**
 * One way to plan a load, whole: the fields that a suite gives (`Spec`), the numbers that sender threads
 * work with (`Plan`), its checks, its words and its arithmetic. Registered by a line in registry.ts.
 */
export interface Executor<
  Spec extends Named = Named,
  Plan extends Named = Named,
  Field extends string = Named extends Spec ? string : Exclude<keyof Spec & string, 'executor'>,
> {
  readonly name: Spec['executor']
  /** What STRESS_MODE calls it, where that is not its name. */
  readonly mode?: string
  readonly model: Pacer['model']
  /** What decides how much it sends, for sentences that say why something else does not: it … */
  readonly goesBy: {
    /** …in the words of a suite, */
    readonly suite: string
    /** …or by the variables of the environment. */
    readonly environment: string
  }
  /** The fields that amounts of the environment replace; it has no use for those that are missing here. */
  readonly takes: { readonly [A in keyof Amounts]?: Field }
  /** Its other fields, which are no amounts: `problems` judges their values. */
  readonly alsoTakes?: readonly Field[]
  /** Where it has stages: the field of the level before the first, and what levels are, as `10/s`. */
  readonly levels?: {
    readonly startField: Field
    readonly unit: string
    start(plan: Plan): number
  }
  /** Whose part a generator takes when several offer the load together: every n-th message, or worker. */
  readonly dealtBy: 'message' | 'worker'
  /** The spec with its defaults filled in. */
  plan(spec: Spec, workers: number): Plan
  /** What makes no sense in it, beside what no executor takes (`scheduleOf`): whole sentences. */
  problems?(plan: Plan, workers: number): string[]
  pacer(plan: Plan): Pacer
  /** The part of `taking` of its `workers`, when only their rows were asked for; all of it where each does the same. */
  shareOf?(plan: Plan, taking: number, workers: number): Plan
  /** `5,000 × 10 KB` or `50/s for 60 s, 10 KB`, for titles. */
  describe(plan: Plan, size: string): string
  /** How many workers the load itself asks for; undefined where the suite says how many there are. */
  workersOf?(stages: readonly Stage[]): number
  /** The rate that was asked for, where it is one. */
  ratePerSecond?(plan: Plan): number
}

/** Every worker may always take its next message. */
export const always: Pacer['turnMs'] = (_worker, _taken, elapsedMs) => elapsedMs

/** A pacer whose messages are due when a lane is free for them. */
export function closed(own: Pick<Pacer, 'total' | 'turnMs'> & { windowMs?: number }): Pacer {
  return {
    windowMs: undefined,
    ...own,
    model: 'closed',
    dueMs: () => 0,
    dueBy: (elapsedMs) => (elapsedMs < 0 ? 0 : own.total),
  }
}

/** 0.1 · 30 is 3.0000000000000004 in floating point: still three messages. */
export const ROUNDING = 1e-6
