import { z } from 'zod'
import { CUSTOM } from './custom-variables.ts'
import { FLEET } from './fleet.ts'
import { GENERATORS, SOAK } from './generators.ts'
import { CONTAINERS } from './images.ts'
import { decimal, line, oneOf, onOff, wholeNumber } from './kind.ts'
import { METRICS } from './metrics.ts'
import { PRESSURE } from './pressure.ts'
import { PROBE } from './probe.ts'
import { TENANTS } from './tenants.ts'
import { preset, unset, variablesOf } from './variable.ts'

const BACKENDS = ['auto', 'docker', 'embedded', 'external', 'started'] as const
export type Backend = (typeof BACKENDS)[number]

const RUN = {
  STRESS_BACKEND: preset(
    oneOf(BACKENDS, 'embedded'),
    'auto',
    'How servers boot; auto takes containers where an engine answers and has the images, else processes of this machine; started uses what `mailstorm start` keeps. SMTP_TARGETS makes it external.',
  ),
  STRESS_SEED: preset(
    wholeNumber({ min: 0, max: 2 ** 32 - 1, example: 42 }),
    '1',
    'Seed of all randomness: the same seed gives the same messages.',
  ),
  STRESS_COOLDOWN: preset(
    decimal({ min: 0, max: 3600, unit: 'seconds', example: 3 }),
    '3',
    'Seconds of rest between scenarios.',
  ),
  STRESS_THREADS: unset(
    wholeNumber({ min: 1, max: 64, example: 2 }),
    'a quarter of the cores, from 1 to 4',
    'Sender threads of the load generator.',
  ),
  STRESS_RESULTS_DIR: preset(line('a path', 'results'), 'results', 'Folder the results are written to.'),
  STRESS_LOGS: preset(
    onOff,
    '0',
    'Archive the logs of the servers of every run, not only of those that fail.',
  ),
  STRESS_LIVE: preset(onOff, '0', 'Serve the charts of the run on http://127.0.0.1 while it goes on.'),
  STRESS_LIVE_PORT: preset(
    wholeNumber({ min: 1, max: 65_535, example: 3000 }),
    '3000',
    'Port of the live view; the next free one if it is taken.',
  ),
  STRESS_TLS_VERIFY: preset(onOff, '1', 'Verify the certificates of the servers.'),
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
