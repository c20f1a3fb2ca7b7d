import type { Stage } from '../engine/executors/ramp.ts'
import { type Kind, kind } from './kind.ts'

/** The custom scenario's load: two words of old, and k6's executors by their names. */
export const MODES = [
  'burst',
  'sustained',
  'per-worker-iterations',
  'constant-workers',
  'ramping-workers',
  'ramping-arrival-rate',
] as const
export type Mode = (typeof MODES)[number]

/** Variables that only some modes have. */
const USED_BY = {
  STRESS_MESSAGES: ['burst', 'per-worker-iterations'],
  STRESS_RATE: ['sustained'],
  STRESS_DURATION: ['sustained', 'constant-workers'],
  STRESS_STAGES: ['ramping-arrival-rate', 'ramping-workers'],
} as const satisfies Readonly<Record<string, readonly Mode[]>>
type ModeVariable = keyof typeof USED_BY

export const MODE_VARIABLES = Object.keys(USED_BY) as ModeVariable[]

/** Why a mode has no use for any of the others. */
const INSTEAD: Readonly<Record<Mode, string>> = {
  burst: 'sends its messages as fast as it can',
  sustained: 'sends what STRESS_RATE and STRESS_DURATION make',
  'per-worker-iterations': 'ends when each worker has sent its messages',
  'constant-workers': 'sends what its workers can in STRESS_DURATION',
  'ramping-workers': 'goes by STRESS_STAGES',
  'ramping-arrival-rate': 'goes by STRESS_STAGES',
}

/** What is wrong with a variable that was given beside a mode, or undefined. */
export function misusedIn(mode: Mode, name: ModeVariable): string | undefined {
  const modes: readonly Mode[] = USED_BY[name]
  if (modes.includes(mode)) return undefined
  return `${name} cannot be used with STRESS_MODE=${mode}, which ${INSTEAD[mode]}. Unset it, or set STRESS_MODE=${modes.join(' or ')}.`
}

/** Why a variable changes nothing in the custom scenario of this mode, or undefined. */
export function idleIn(mode: Mode, name: ModeVariable, modeGiven: boolean): string | undefined {
  const modes: readonly Mode[] = USED_BY[name]
  if (modes.includes(mode)) return undefined
  const chosen = modeGiven ? '' : ' (the default)'
  return `STRESS_MODE=${mode}${chosen} ${INSTEAD[mode]}; STRESS_MODE=${modes.join(' or ')} has a use for it`
}

const STAGE = /^(\d+(?:\.\d+)?)(s|m|h)?:(\d+(?:\.\d+)?)$/
const SECONDS_OF = { s: 1, m: 60, h: 3_600 } as const

/** `30s:10,0s:25,2m:25`: how long, and the level at its end. */
export const stageList: Kind<readonly Stage[]> = kind(
  'stages as 30s:50, separated by commas: a time in s, m or h, and the level at its end; 0s jumps',
  '0s:10,30s:10,30s:50',
  (text) => {
    const stages: Stage[] = []
    for (const part of text.split(',')) {
      const [, time, unit = 's', level] = STAGE.exec(part.trim()) ?? []
      if (time === undefined || level === undefined)
        return { wrong: `has a stage that cannot be read: "${part.trim()}"` }
      const durationSeconds = Number(time) * SECONDS_OF[unit as keyof typeof SECONDS_OF]
      stages.push(Object.freeze({ durationSeconds, target: Number(level) }))
    }
    return { value: Object.freeze(stages) }
  },
)
