import { z } from 'zod'
import { GENERATORS, SOAK } from './generators.ts'
import {
  decimal,
  line,
  oneOf,
  onOff,
  preset,
  seconds,
  unset,
  type ValuesOf,
  variablesOf,
  wholeNumber,
} from './kind.ts'
import { CUSTOM } from './load.ts'
import { PRESSURE, TENANTS } from './pressure.ts'
import { CONTAINERS, FLEET, METRICS } from './services.ts'

export const PROBE = {
  STRESS_PROBE_WAIT: preset(
    seconds({ min: 1, max: 900, example: 310 }),
    '10',
    'Seconds the protocol probe waits for a reply, and for a server to time out; 310 shows whether it waits the five minutes of RFC 5321.',
  ),
  STRESS_PROBE_CONNECTIONS: preset(
    wholeNumber({ min: 1, max: 10_000, example: 500 }),
    '120',
    'How many connections at most the protocol probe holds open, to see what happens to the next one.',
  ),
  STRESS_PROBE_STRICT: preset(
    onOff,
    '0',
    'A deviation from the RFCs fails its row; otherwise the probe only reports what a server does.',
  ),
}

export interface ProbeSettings {
  readonly waitMs: number
  readonly connections: number
  readonly strict: boolean
}

export function probeSettings(values: ValuesOf<typeof PROBE>): ProbeSettings {
  return Object.freeze({
    waitMs: values.STRESS_PROBE_WAIT,
    connections: values.STRESS_PROBE_CONNECTIONS,
    strict: values.STRESS_PROBE_STRICT,
  })
}

const BACKENDS = ['auto', 'docker', 'embedded', 'external', 'started'] as const
export type Backend = (typeof BACKENDS)[number]

const RUN = {
  STRESS_BACKEND: preset(
    oneOf(BACKENDS, 'embedded'),
    'auto',
    'How servers boot: auto takes containers if an engine answers and has the images, else processes on this machine; started uses those of `mailstorm start`. SMTP_TARGETS makes it external.',
  ),
  STRESS_SEED: preset(
    wholeNumber({ min: 0, max: 2 ** 32 - 1, example: 42 }),
    '1',
    'Random seed: the same seed gives the same messages.',
  ),
  STRESS_COOLDOWN: preset(
    decimal({ min: 0, max: 3600, unit: 'seconds', example: 3 }),
    '3',
    'Seconds of rest between two runs.',
  ),
  STRESS_THREADS: unset(
    wholeNumber({ min: 1, max: 64, example: 2 }),
    'a quarter of the cores, from 1 to 4',
    'Sender threads of the load generator.',
  ),
  STRESS_RESULTS_DIR: preset(line('a path', 'results'), 'results', 'Folder the results are written to.'),
  STRESS_LOGS: preset(onOff, '0', "Archive the servers' logs of every run, not only of failed ones."),
  STRESS_LIVE: preset(onOff, '0', 'Show live charts of the run on http://127.0.0.1.'),
  STRESS_LIVE_PORT: preset(
    wholeNumber({ min: 1, max: 65_535, example: 3000 }),
    '3000',
    'Port of the live view; the next free one if it is taken.',
  ),
  STRESS_TLS_VERIFY: preset(onOff, '1', "Verify the servers' certificates."),
  STRESS_PIPELINING_TRIAL: preset(
    onOff,
    '1',
    'Send one marked message to each server of yours before a load at pipelining level transactions or chunks, to see whether it handles that.',
  ),
  STRESS_CALIBRATE: preset(
    onOff,
    '0',
    'Measure for two seconds before each load what this generator reaches at most, so that the result has its headroom.',
  ),
  ALLOW_PUBLIC_TARGETS: preset(
    onOff,
    '0',
    'Allow targets that are neither loopback nor private, and mail domains that are not reserved.',
  ),
  ...METRICS,
  ...SOAK,
  ...GENERATORS,
  ...PROBE,
}

export const ENVIRONMENT = z.object({ ...RUN, ...FLEET, ...CONTAINERS, ...PRESSURE, ...TENANTS, ...CUSTOM })
export type Environment = z.infer<typeof ENVIRONMENT>
export type VariableName = keyof Environment

/** All variables, by what they belong to, in the order in which the README has them. */
export const VARIABLE_GROUPS = {
  run: variablesOf(RUN),
  servers: [...variablesOf(FLEET), ...variablesOf(CONTAINERS)],
  pressure: [...variablesOf(PRESSURE), ...variablesOf(TENANTS)],
  custom: variablesOf(CUSTOM),
} as const

export const VARIABLES = Object.values(VARIABLE_GROUPS).flat()
