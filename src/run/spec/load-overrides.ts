import type { Amounts, Executor } from '../../engine/executors/executor.ts'
import type { Stage } from '../../engine/executors/ramp.ts'
import { EXECUTORS, executorOf } from '../../engine/executors/registry.ts'
import type { OverrideResult } from '../../engine/result.ts'
import { DEFAULT_SIZE, SIZES, type SizeName } from '../../options/kind.ts'
import {
  AMOUNT_OF,
  credentialsOf,
  FIELD_OF,
  FIELD_VARIABLES,
  type FieldVariable,
  type GivenLoad,
  LOAD_VARIABLES,
  type LoadVariable,
  MODE_VARIABLES,
  NO_RETRIES,
} from '../../options/load.ts'
import { headersText } from '../../options/mail.ts'
import type { ScenarioSpec } from './spec.ts'

type Shown = OverrideResult['own']

/** A spec with the environment's overrides applied. */
export interface Overridden {
  readonly spec: ScenarioSpec
  /** Values that were replaced. */
  readonly overrides: readonly OverrideResult[]
  /** Variables without effect, with the reason. */
  readonly refused: ReadonlyMap<LoadVariable, string>
}

/** One variable applied: the new spec with the old and new value; or why it has no effect. */
type Applied = { readonly spec: ScenarioSpec; readonly own: Shown; readonly value: Shown } | string

type Rules = {
  readonly [V in LoadVariable]?: (
    spec: ScenarioSpec,
    value: NonNullable<GivenLoad[V]>,
    load: GivenLoad,
  ) => Applied
}

/** Where a variable does not simply set its field, or its amount. */
const RULES = {
  STRESS_MODE: (spec) => `its executor is ${spec.executor}, and only custom can use another`,
  STRESS_WORKERS(spec, workers, { STRESS_MAX_SESSIONS: maxSessions = spec.maxSessions }) {
    const { workersOf, model } = executorOf(spec)
    if (workersOf !== undefined) return goesBy(spec)
    if (model === 'open' && maxSessions !== undefined && maxSessions < workers)
      return `it has at most ${maxSessions} sessions, and each worker needs one; STRESS_MAX_SESSIONS raises that`
    return field(spec, 'workers', workers)
  },
  STRESS_SIZE(spec, size) {
    const { corpus, ...others } = spec
    const own = corpus === undefined ? bytesOf(spec.size ?? DEFAULT_SIZE) : `corpus ${corpus}`
    return { spec: { ...others, size }, own, value: size }
  },
  STRESS_CORPUS(spec, corpus) {
    const { size: _sizesOfItsOwn, ...others } = spec
    return { spec: { ...others, corpus }, own: spec.corpus ?? null, value: corpus }
  },
  STRESS_STAGES(spec, stages) {
    const { takes, levels, workersOf } = executorOf(spec)
    if (takes.stages === undefined || levels === undefined || !('stages' in spec)) return goesBy(spec)
    // As in `custom`: starts at none, with as many workers as the load itself needs.
    const workers = workersOf?.(stages) ?? spec.workers
    const started = { ...spec, [takes.stages]: stages, [levels.startField]: 0, workers }
    const own = stagesText(ownOf(spec, levels.startField) as number | undefined, spec.stages)
    return { spec: started, own, value: stagesText(0, stages) }
  },
  STRESS_PIPELINE_DEPTH(spec, depth) {
    const { pipelining = 'commands' } = spec
    return pipelining === 'chunks'
      ? field(spec, 'pipelineDepth', depth)
      : `its pipelining level is ${pipelining}, and only chunks has a depth`
  },
  STRESS_MAX_SESSIONS(spec, maxSessions) {
    if (executorOf(spec).model === 'closed')
      return `each of its workers has one session (${spec.executor}); STRESS_WORKERS says how many there are`
    return maxSessions < spec.workers
      ? `it is less than its ${spec.workers} workers, and each has a session`
      : field(spec, 'maxSessions', maxSessions)
  },
  STRESS_AUTH_USER(spec, user, load) {
    const auth = credentialsOf(load)
    if (auth === undefined) return 'it needs STRESS_AUTH_PASS too'
    const { accounts: _own, ...others } = spec
    return { spec: { ...others, auth }, own: spec.auth?.user ?? null, value: user }
  },
  // Applied together with the user name, and never shown in a result.
  STRESS_AUTH_PASS: (spec) => ({ spec, own: null, value: null }),
  STRESS_AUTH_TOKEN_FILE: (spec) => ({ spec, own: null, value: null }),
  STRESS_AUTH_TOKEN_COMMAND: (spec) => ({ spec, own: null, value: null }),
  STRESS_ACCOUNTS(spec, accounts) {
    const { auth, ...others } = spec
    return { spec: { ...others, accounts }, own: spec.accounts ?? auth?.user ?? null, value: accounts }
  },
  STRESS_AUTH_MECHANISM: (spec, mechanism) => ({ spec, own: null, value: mechanism }),
  // No part of the load: the result names the store, without the password that its address may have.
  STRESS_VERIFY: (spec, verify) => ({ spec: { ...spec, verify }, own: null, value: null }),
  STRESS_VERIFY_TIMEOUT(spec, seconds) {
    if (spec.verify === undefined || spec.verify === 'none')
      return 'nothing is looked for behind its servers; STRESS_VERIFY says where that would be'
    return { spec: { ...spec, verifyTimeoutSeconds: seconds }, own: null, value: null }
  },
  STRESS_HEADERS(spec, headers) {
    const own = spec.headers === undefined ? null : headersText(spec.headers)
    return { spec: { ...spec, headers }, own, value: headersText(headers) }
  },
  STRESS_RETRY_DELAY(spec, delays) {
    if ((spec.retries ?? 0) === 0) return NO_RETRIES
    const own = spec.retryDelaySeconds
    const value = delays.join(',')
    return {
      spec: { ...spec, retryDelaySeconds: delays },
      own: own === undefined ? null : [own].flat().join(','),
      value,
    }
  },
  STRESS_THINK_TIME(spec, thinkTimeSeconds) {
    if (isDeep(spec.pipelining))
      return `its pipelining level is ${spec.pipelining}, and a client that thinks sends one command at a time`
    const own = spec.thinkTimeSeconds === undefined ? null : [spec.thinkTimeSeconds].flat().join('..')
    return { spec: { ...spec, thinkTimeSeconds }, own, value: thinkTimeSeconds.join('..') }
  },
  STRESS_BREAK_OFF(spec, breakOff) {
    if (spec.pipelining === 'chunks')
      return 'its pipelining level is chunks, where a client has several messages on their way'
    const text = (phases: object) =>
      Object.entries(phases)
        .map(([phase, percent]) => `${phase}:${percent}`)
        .join(',')
    const own = spec.breakOff === undefined ? null : text(spec.breakOff)
    return { spec: { ...spec, breakOff }, own, value: text(breakOff) }
  },
  STRESS_THRESHOLDS(spec, thresholds) {
    return { spec: { ...spec, thresholds }, own: spec.thresholds.join(', '), value: thresholds.join(', ') }
  },
  STRESS_BASELINE(spec, baseline) {
    return spec.thresholds.some((text) => text.trim().startsWith('regression'))
      ? field(spec, 'baseline', baseline)
      : 'none of its thresholds is on regression; STRESS_THRESHOLDS can set one'
  },
} as const satisfies Rules

/** These change the plan, so the scenario's own time limit no longer applies. */
const RESHAPING: ReadonlySet<string> = new Set(MODE_VARIABLES)

/** The spec with the environment's overrides; `varied` names what the scenario sets itself. */
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
  if (overrides.some(({ variable }) => RESHAPING.has(variable))) {
    const { maxDurationSeconds: _own, ...unlimited } = spec
    spec = unlimited
  }
  return { spec, overrides, refused }
}

function applyOne<V extends LoadVariable>(variable: V, spec: ScenarioSpec, load: GivenLoad): Applied {
  const value = load[variable] as NonNullable<GivenLoad[V]>
  const rule = (RULES as Rules)[variable]
  if (rule !== undefined) return rule(spec, value, load)
  if (isOneOf(MODE_VARIABLES, variable)) return amount(spec, AMOUNT_OF[variable], value as number)
  return field(spec, FIELD_OF[variable as PlainVariable], value as string | number)
}

/** Fields that a scenario investigates as soon as its parts differ in them. */
const SHAPE = ['size', 'corpus', 'pipelining', 'messagesPerSession', 'tls'] as const
const VARIABLE_OF: Readonly<Record<string, LoadVariable>> = {
  ...Object.fromEntries(EXECUTORS.flatMap(({ takes }) => variablesOf(takes))),
  ...Object.fromEntries(FIELD_VARIABLES.map((variable) => [FIELD_OF[variable], variable])),
}
/** Differences that do not count: limits follow from the load, servers are no load. */
const BESIDE: ReadonlySet<string> = new Set([
  'thresholds',
  'baseline',
  'verify',
  'verifyTimeoutSeconds',
  'servers',
  'startAfterSeconds',
  ...EXECUTORS.flatMap(({ levels }) => levels?.startField ?? []),
])

/** The field that each variable replaces. */
function variablesOf(takes: Executor['takes']): [string, LoadVariable][] {
  return MODE_VARIABLES.flatMap((variable): [string, LoadVariable][] => {
    const name = takes[AMOUNT_OF[variable]]
    return name === undefined ? [] : [[name, variable]]
  })
}

/**
 * What the parts of a scenario vary: its shape, or the only field in which they differ. A single value would
 * make them equal.
 */
export function variedBy(parts: readonly ScenarioSpec[]): ReadonlyMap<LoadVariable, string> {
  const fields = [...new Set(parts.flatMap((part) => Object.keys(part)))].filter((name) => !BESIDE.has(name))
  const differing = fields.filter((name) => new Set(parts.map((part) => textOf(part, name))).size > 1)
  const varied = differing.length === 1 ? differing : differing.filter((name) => isOneOf(SHAPE, name))
  return new Map(
    varied.flatMap((name): [LoadVariable, string][] => {
      const variable = VARIABLE_OF[name]
      if (variable === undefined) return []
      const same = [variable, 'its runs differ in exactly that'] as [LoadVariable, string]
      // A size replaces a corpus, and a corpus all sizes.
      if (name === 'size') return [same, ['STRESS_CORPUS', 'its runs differ in the size of messages']]
      return name === 'corpus' ? [same, ['STRESS_SIZE', 'its runs differ in their corpora']] : [same]
    }),
  )
}

function textOf(part: ScenarioSpec, name: string): string {
  return JSON.stringify(ownOf(part, name)) ?? ''
}

function ownOf(spec: ScenarioSpec, name: string): unknown {
  return Object.entries(spec).find(([key]) => key === name)?.[1]
}

function isOneOf<T extends string>(all: readonly T[], text: string): text is T {
  return (all as readonly string[]).includes(text)
}

/** Variables without a rule of their own that are no amount: the compiler says which of them has no field. */
type PlainVariable = Exclude<LoadVariable, keyof typeof RULES | keyof typeof AMOUNT_OF>
type PlainField = Exclude<
  (typeof FIELD_OF)[FieldVariable],
  | 'size'
  | 'thresholds'
  | 'headers'
  | 'retryDelaySeconds'
  | 'thinkTimeSeconds'
  | 'breakOff'
  | 'verify'
  | 'verifyTimeoutSeconds'
>

function field(spec: ScenarioSpec, name: PlainField, value: string | number): Applied {
  return { spec: { ...spec, [name]: value }, own: spec[name] ?? null, value }
}

/** Sets a number in the executor's field for it. */
function amount(spec: ScenarioSpec, of: keyof Amounts, value: number): Applied {
  const name = executorOf(spec).takes[of]
  if (name === undefined) return goesBy(spec)
  return { spec: { ...spec, [name]: value }, own: (ownOf(spec, name) ?? null) as Shown, value }
}

/** Levels at which several commands of a message, or several messages, go out at once as the scenario's very point. */
function isDeep(pipelining: ScenarioSpec['pipelining']): boolean {
  return pipelining === 'transactions' || pipelining === 'chunks'
}

function goesBy(spec: ScenarioSpec): string {
  return `it ${executorOf(spec).goesBy.suite} (${spec.executor})`
}

/** Bytes, or the text of a distribution. */
function bytesOf(size: NonNullable<ScenarioSpec['size']>): number | string {
  return typeof size === 'string' && Object.hasOwn(SIZES, size) ? SIZES[size as SizeName] : size
}

/** In the format of STRESS_STAGES. */
function stagesText(start: number | undefined, stages: readonly Stage[]): string {
  const all = start ? [{ durationSeconds: 0, target: start }, ...stages] : stages
  return all.map(({ durationSeconds, target }) => `${durationSeconds}s:${target}`).join(',')
}
