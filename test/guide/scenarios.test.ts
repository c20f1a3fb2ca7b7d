import { expect, test } from 'vitest'
import { VARIABLES } from '../../src/options/environment.ts'
import { FIELD_OF, LOAD_VARIABLES, type LoadVariable } from '../../src/options/load.ts'
import { readOptions } from '../../src/options/options.ts'
import { type ScenarioSpec, thresholdsOf } from '../../src/run/spec/spec.ts'
import { checkSpec } from '../../src/run/spec/spec-check.ts'
import { GUIDE } from './guide.ts'

/** Fields that variables set by more than their own value. */
const OTHER_FIELDS: Readonly<Record<string, string>> = {
  STRESS_MODE: 'executor',
  STRESS_MESSAGES: 'messages',
  STRESS_RATE: 'rate',
  STRESS_DURATION: 'durationSeconds',
  STRESS_STAGES: 'stages',
  STRESS_AUTH_USER: 'auth',
  STRESS_AUTH_PASS: 'auth',
  STRESS_AUTH_TOKEN_FILE: 'auth',
  STRESS_AUTH_TOKEN_COMMAND: 'auth',
  STRESS_AUTH_MECHANISM: 'auth',
}

/** What a variable says nothing without. */
const WITH: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  STRESS_PIPELINE_DEPTH: { STRESS_PIPELINING: 'chunks' },
  STRESS_RATE: { STRESS_MODE: 'sustained' },
  STRESS_DURATION: { STRESS_MODE: 'sustained' },
  STRESS_STAGES: { STRESS_MODE: 'ramping-arrival-rate' },
  STRESS_MAX_SESSIONS: { STRESS_MODE: 'sustained' },
  STRESS_AUTH_USER: { STRESS_AUTH_PASS: 'secret' },
  STRESS_AUTH_PASS: { STRESS_AUTH_USER: 'user' },
  STRESS_AUTH_TOKEN_FILE: { STRESS_AUTH_USER: 'user' },
  STRESS_AUTH_TOKEN_COMMAND: { STRESS_AUTH_USER: 'user' },
  STRESS_AUTH_MECHANISM: { STRESS_AUTH_USER: 'user', STRESS_AUTH_PASS: 'secret' },
  STRESS_PROXY_SOURCE: { STRESS_PROXY_PROTOCOL: 'v1' },
  STRESS_TLS_CERT: { STRESS_TLS_KEY: 'client.key' },
  STRESS_TLS_KEY: { STRESS_TLS_CERT: 'client.pem' },
  STRESS_BASELINE: { STRESS_THRESHOLDS: 'regression<10%' },
  STRESS_RETRY_DELAY: { STRESS_RETRIES: '2' },
  STRESS_VERIFY_TIMEOUT: { STRESS_VERIFY: 'sink' },
}

const isField = (variable: LoadVariable): variable is keyof typeof FIELD_OF =>
  Object.hasOwn(FIELD_OF, variable)

test.each(LOAD_VARIABLES)(
  '%s, which has its row in the table, can stand in a scenario as well',
  (variable) => {
    const example = VARIABLES.find(({ name }) => name === variable)?.example ?? ''
    const { mode: _mode, ...spec } = readOptions({ ...WITH[variable], [variable]: example }).custom
    const field = isField(variable) ? FIELD_OF[variable] : (OTHER_FIELDS[variable] ?? 'none')
    expect(spec).toHaveProperty([field])
    checkSpec(spec, false)
  },
)

test('the scenario of the guide that has everything is one that can be run', () => {
  const [, code = ''] = /```ts\n\/\/ stress\/ours\.stress\.ts\n([^`]*)```/.exec(GUIDE) ?? []
  const specs: ScenarioSpec[] = []
  const scenario = (_name: string, spec: ScenarioSpec) => specs.push(spec)
  new Function('scenario', code.replace(/^import .*$/m, ''))(scenario)
  const [spec] = specs
  if (spec === undefined) throw new Error('the guide has no such scenario')
  checkSpec(spec, false)
  expect(thresholdsOf(spec).length).toBeGreaterThan(3)
})
