import type { Stage } from '../../engine/executors/ramp.ts'
import type { OverrideResult } from '../../engine/result.ts'
import { credentialsOf } from '../../options/custom.ts'
import { SIZES } from '../../options/kind.ts'
import { type GivenLoad, LOAD_VARIABLES, type LoadVariable } from '../../options/load.ts'
import type { LoadSpec } from './schedule.ts'
import type { ScenarioSpec } from './spec.ts'

type Executor = LoadSpec['executor']
type Shown = OverrideResult['own']

/** A spec with the environment's load in it. */
export interface Overridden {
  readonly spec: ScenarioSpec
  /** What was replaced by another value. */
  readonly overrides: readonly OverrideResult[]
  /** Variables that would change nothing, with the reason. */
  readonly refused: ReadonlyMap<LoadVariable, string>
}

/** One variable applied: the spec that it makes, what it replaced and by what; or why it would change nothing. */
type Applied = { readonly spec: ScenarioSpec; readonly own: Shown; readonly value: Shown } | string

type Rules = {
  readonly [V in LoadVariable]: (
    spec: ScenarioSpec,
    value: NonNullable<GivenLoad[V]>,
    load: GivenLoad,
  ) => Applied
}

/** What decides how much an executor sends, for sentences that say why something else does not. */
const GOES_BY: Readonly<Record<Executor, string>> = {
  'shared-iterations': 'sends its messages as fast as its workers can',
  'per-worker-iterations': 'ends when each worker has sent its messages',
  'constant-workers': 'sends what its workers can in its time',
  'ramping-workers': 'goes by stages of workers',
  'constant-arrival-rate': 'sends what its rate and its time make',
  'ramping-arrival-rate': 'goes by stages of a rate',
}

const RULES: Rules = {
  STRESS_MODE: (spec) => `its executor is ${spec.executor}, and only custom can have another`,
  STRESS_MESSAGES(spec, messages) {
    if (spec.executor === 'shared-iterations')
      return { spec: { ...spec, messages }, own: spec.messages, value: messages }
    if (spec.executor !== 'per-worker-iterations') return goesBy(spec)
    return { spec: { ...spec, messagesPerWorker: messages }, own: spec.messagesPerWorker, value: messages }
  },
  STRESS_WORKERS(spec, workers) {
    return spec.executor === 'ramping-workers' ? goesBy(spec) : field(spec, 'workers', workers)
  },
  STRESS_SIZE: (spec, size) => ({ spec: { ...spec, size }, own: bytesOf(spec.size), value: size }),
  STRESS_DURATION(spec, durationSeconds) {
    if (spec.executor !== 'constant-arrival-rate' && spec.executor !== 'constant-workers') return goesBy(spec)
    return { spec: { ...spec, durationSeconds }, own: spec.durationSeconds, value: durationSeconds }
  },
  STRESS_RATE(spec, rate) {
    if (spec.executor !== 'constant-arrival-rate') return goesBy(spec)
    return { spec: { ...spec, rate }, own: spec.rate, value: rate }
  },
  STRESS_STAGES(spec, stages) {
    const value = stagesText(0, stages)
    if (spec.executor === 'ramping-workers') {
      // As in custom: from none, and as many workers as the highest stage has.
      const workers = Math.max(1, ...stages.map(({ target }) => Math.ceil(target)))
      const own = stagesText(spec.startWorkers, spec.stages)
      return { spec: { ...spec, startWorkers: 0, stages, workers }, own, value }
    }
    if (spec.executor !== 'ramping-arrival-rate') return goesBy(spec)
    return { spec: { ...spec, startRate: 0, stages }, own: stagesText(spec.startRate, spec.stages), value }
  },
  STRESS_PIPELINING: (spec, level) => field(spec, 'pipelining', level),
  STRESS_MESSAGES_PER_SESSION: (spec, count) => field(spec, 'messagesPerSession', count),
  STRESS_MAX_SESSIONS(spec, maxSessions) {
    if (!spec.executor.endsWith('arrival-rate'))
      return `each of its workers has one session (${spec.executor}); STRESS_WORKERS says how many there are`
    return maxSessions < spec.workers
      ? `it is less than its ${spec.workers} workers, and each has a session`
      : field(spec, 'maxSessions', maxSessions)
  },
  STRESS_TLS: (spec, mode) => field(spec, 'tls', mode),
  STRESS_AUTH_USER(spec, user, load) {
    const auth = credentialsOf(load)
    if (auth === undefined) return 'it takes STRESS_AUTH_PASS too'
    return { spec: { ...spec, auth }, own: spec.auth?.user ?? null, value: user }
  },
  // Taken with its name, and in no result.
  STRESS_AUTH_PASS: (spec) => ({ spec, own: null, value: null }),
  STRESS_AUTH_MECHANISM: (spec, mechanism) => ({ spec, own: null, value: mechanism }),
  STRESS_RECIPIENTS: (spec, recipients) => field(spec, 'recipients', recipients),
  STRESS_SENDER: (spec, sender) => field(spec, 'sender', sender),
  STRESS_RECIPIENT: (spec, recipient) => field(spec, 'recipient', recipient),
  STRESS_THRESHOLDS(spec, thresholds) {
    return { spec: { ...spec, thresholds }, own: spec.thresholds.join(', '), value: thresholds.join(', ') }
  },
  STRESS_BASELINE(spec, baseline) {
    return spec.thresholds.some((text) => text.trim().startsWith('regression'))
      ? field(spec, 'baseline', baseline)
      : 'none of its thresholds is on regression; STRESS_THRESHOLDS can say one'
  },
  STRESS_TIMEOUT: (spec, seconds) => field(spec, 'replyTimeoutSeconds', seconds),
}

/** These make the plan another one: its own time limit says nothing of that. */
const RESHAPING: ReadonlySet<LoadVariable> = new Set([
  'STRESS_MESSAGES',
  'STRESS_DURATION',
  'STRESS_RATE',
  'STRESS_STAGES',
])

/** The spec with what the environment says of the load; `varied` is what the scenario itself has to say. */
export function overrideLoad(
  own: ScenarioSpec,
  load: GivenLoad,
  varied: ReadonlyMap<LoadVariable, string> = new Map(),
): Overridden {
  let spec = own
  const overrides: OverrideResult[] = []
  const refused = new Map<LoadVariable, string>()
  for (const variable of LOAD_VARIABLES) {
    if (load[variable] === undefined) continue
    const applied = varied.get(variable) ?? applyOne(variable, spec, load)
    if (typeof applied === 'string') {
      refused.set(variable, applied)
      continue
    }
    spec = applied.spec
    if (applied.own !== applied.value) overrides.push({ variable, own: applied.own, value: applied.value })
  }
  if (overrides.some(({ variable }) => RESHAPING.has(variable as LoadVariable))) {
    const { maxDurationSeconds: _own, ...unlimited } = spec
    spec = unlimited
  }
  return { spec, overrides, refused }
}

function applyOne<V extends LoadVariable>(variable: V, spec: ScenarioSpec, load: GivenLoad): Applied {
  return RULES[variable](spec, load[variable] as NonNullable<GivenLoad[V]>, load)
}

/** Fields that are the question of a scenario as soon as its parts differ in them. */
const SHAPE = ['size', 'pipelining', 'messagesPerSession', 'tls'] as const
const VARIABLE_OF: Readonly<Record<string, LoadVariable>> = {
  messages: 'STRESS_MESSAGES',
  messagesPerWorker: 'STRESS_MESSAGES',
  workers: 'STRESS_WORKERS',
  size: 'STRESS_SIZE',
  durationSeconds: 'STRESS_DURATION',
  rate: 'STRESS_RATE',
  stages: 'STRESS_STAGES',
  pipelining: 'STRESS_PIPELINING',
  messagesPerSession: 'STRESS_MESSAGES_PER_SESSION',
  maxSessions: 'STRESS_MAX_SESSIONS',
  tls: 'STRESS_TLS',
  recipients: 'STRESS_RECIPIENTS',
  replyTimeoutSeconds: 'STRESS_TIMEOUT',
}
/** What differs beside the question: limits follow from it, servers are no load. */
const BESIDE = new Set(['thresholds', 'servers', 'startAfterSeconds', 'startWorkers', 'startRate'])

/** What the parts of a scenario vary: its shape, or the one thing in which they differ. With one value for all, they would be one. */
export function variedBy(parts: readonly ScenarioSpec[]): ReadonlyMap<LoadVariable, string> {
  const fields = [...new Set(parts.flatMap((part) => Object.keys(part)))].filter((name) => !BESIDE.has(name))
  const differing = fields.filter((name) => new Set(parts.map((part) => textOf(part, name))).size > 1)
  const varied = differing.length === 1 ? differing : differing.filter((name) => isOneOf(SHAPE, name))
  return new Map(
    varied.flatMap((name): [LoadVariable, string][] => {
      const variable = VARIABLE_OF[name]
      return variable === undefined ? [] : [[variable, 'that is what its runs differ in']]
    }),
  )
}

function textOf(part: ScenarioSpec, name: string): string {
  const [, value] = Object.entries(part).find(([key]) => key === name) ?? []
  return JSON.stringify(value) ?? ''
}

function isOneOf<T extends string>(all: readonly T[], text: string): text is T {
  return (all as readonly string[]).includes(text)
}

type PlainField = 'workers' | 'pipelining' | 'messagesPerSession' | 'maxSessions' | 'tls' | 'recipients'
type TextField = 'sender' | 'recipient' | 'baseline' | 'replyTimeoutSeconds'

function field(spec: ScenarioSpec, name: PlainField | TextField, value: string | number): Applied {
  return { spec: { ...spec, [name]: value }, own: spec[name] ?? null, value }
}

function goesBy({ executor }: ScenarioSpec): string {
  return `it ${GOES_BY[executor]} (${executor})`
}

function bytesOf(size: ScenarioSpec['size']): number {
  return typeof size === 'number' ? size : SIZES[size]
}

/** As STRESS_STAGES has them. */
function stagesText(start: number | undefined, stages: readonly Stage[]): string {
  const all = start ? [{ durationSeconds: 0, target: start }, ...stages] : stages
  return all.map(({ durationSeconds, target }) => `${durationSeconds}s:${target}`).join(',')
}
