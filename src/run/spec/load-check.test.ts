import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BARE_ENVIRONMENT } from '../../../test/child-process.ts'
import { checkLoad } from './load-check.ts'
import type { ReadScenario } from './suite-reading.ts'

function scenario(
  name: string,
  more: Partial<ReadScenario>,
  ...refused: Record<string, string>[]
): ReadScenario {
  const parts = refused.length === 0 ? [{}] : refused
  return {
    name,
    reads: [],
    runs: () =>
      parts.map((reasons, index) => ({
        part: parts.length === 1 ? null : `part-${index + 1}`,
        refused: new Map(Object.entries(reasons)),
      })),
    ...more,
  }
}

const NO_RATE = { STRESS_RATE: 'it is a burst' }
const BURST = scenario('burst', {}, NO_RATE)
const STEADY = scenario('steady', {}, {})
const BOTH = scenario('both', { onlyWhenNamed: true }, NO_RATE, {})
const SOAK = scenario('soak', { onlyWhenNamed: true, reads: ['STRESS_SOAK_RATE'] }, {})
const PRESSURE = scenario(
  'pressure',
  { project: 'proxy', reads: ['PRESSURE_DURATION'] },
  { STRESS_RATE: 'it is a proxy' },
)
const SCALE = scenario('scale', { ...PRESSURE, name: 'scale', onlyWhenNamed: true })
const ALL = [BURST, STEADY, BOTH, SOAK, PRESSURE, SCALE]

const check = (env: NodeJS.ProcessEnv, name?: string, projects: string[] = []) =>
  checkLoad(ALL, { pattern: name === undefined ? undefined : new RegExp(name), projects }, env)

describe('checkLoad', () => {
  it('says nothing of what changes something in all that will run', () => {
    expect(check({})).toEqual([])
    expect(check({ STRESS_SIZE: 'small' })).toEqual([])
    expect(check({ STRESS_RATE: '5' }, 'steady')).toEqual([])
  })

  it('refuses what changes nothing in what was asked for, with the reason of each, and all of it at once', () => {
    expect(() => check({ STRESS_RATE: '5', STRESS_SOAK_MINUTES: '3' }, 'burst|pressure')).toThrow(
      [
        'Failed to override the load: these settings would change nothing.',
        '  STRESS_RATE=5 changes nothing in',
        '    burst: it is a burst.',
        '    pressure: it is a proxy.',
        '  STRESS_SOAK_MINUTES=3 changes nothing in burst, pressure: only soak uses it.',
        'Unset them, or run a scenario that uses them.',
      ].join('\n'),
    )
  })

  it('says where a variable changes nothing that changes something elsewhere', () => {
    expect(check({ STRESS_RATE: '5' }, 'burst|steady')).toEqual([
      'STRESS_RATE=5 changes nothing in burst: it is a burst.',
    ])
    expect(check({ STRESS_RATE: '5' }, 'both')).toEqual([
      'STRESS_RATE=5 changes nothing in both / part-1: it is a burst.',
    ])
  })

  it('looks at what runs without a name, or is named by none', () => {
    expect(check({ PRESSURE_DURATION: '5' })).toEqual([
      'PRESSURE_DURATION=5 changes nothing in burst, steady: only runs of the mail proxy use it.',
    ])
    expect(() => check({ STRESS_SOAK_RATE: '3' }, 'worker 3,')).toThrow('burst, steady, pressure')
  })

  it('looks at a whole project that was asked for', () => {
    const one = (projects: string[]) => () =>
      checkLoad([SCALE], { pattern: undefined, projects }, { STRESS_RATE: '5' })
    expect(one(['proxy'])).toThrow('STRESS_RATE=5 changes nothing in scale: it is a proxy.')
    expect(one([])).not.toThrow()
  })

  it('does not show a password', () => {
    const probe = scenario(
      'probe',
      {},
      { STRESS_AUTH_PASS: 'it has no login', STRESS_AUTH_USER: 'it has no login' },
    )
    const env = { STRESS_AUTH_USER: 'u', STRESS_AUTH_PASS: 'hunter2' }
    const checked = () => checkLoad([probe], { pattern: undefined, projects: [] }, env)
    expect(checked).toThrow('STRESS_AUTH_PASS changes nothing in probe')
    expect(checked).not.toThrow('hunter2')
  })
})

/** In a process that only reads them, as Vitest's own does. */
const READ_THE_SUITES = `
import { globSync } from 'node:fs'
import { checkLoad } from './src/run/spec/load-check.ts'
import { readSuites } from './src/run/spec/suite-reading.ts'
const { scenarios, whole } = await readSuites(globSync('suites/**/*.stress.ts'))
if (!whole) throw new Error('not all suites could be read')
const own = { ...process.env }
const said = JSON.parse(process.argv[1]).map(([name, env]) => {
  process.env = { ...own, ...env }
  try {
    return checkLoad(scenarios, { pattern: new RegExp('^' + name + '( |$)'), projects: [] }, env).join('\\n')
  } catch (error) {
    return error.message
  }
})
console.log(JSON.stringify(said))
`
const SHIPPED: readonly [scenario: string, env: NodeJS.ProcessEnv, said: RegExp][] = [
  ['burst', { STRESS_RATE: '50' }, /STRESS_RATE=50 changes nothing in burst: it sends its messages as fast/],
  ['sustained', { STRESS_MESSAGES: '50' }, /STRESS_MESSAGES=50 changes nothing in sustained/],
  ['ramp-up', { STRESS_DURATION: '5' }, /STRESS_DURATION=5 changes nothing in ramp-up: it follows stages/],
  ['quick', { STRESS_MODE: 'sustained' }, /STRESS_MODE=sustained changes nothing in quick/],
  [
    'mixed',
    { STRESS_SIZE: 'small' },
    /STRESS_SIZE=small changes nothing in mixed: its runs differ in exactly that/,
  ],
  ['pipelining', { STRESS_PIPELINING: 'off' }, /STRESS_PIPELINING=off changes nothing in pipelining/],
  ['sessions', { STRESS_MESSAGES_PER_SESSION: '5' }, /STRESS_MESSAGES_PER_SESSION=5 changes nothing in sess/],
  ['tls', { STRESS_TLS: 'starttls' }, /STRESS_TLS=starttls changes nothing in tls/],
  ['breakpoint', { STRESS_RATE: '5' }, /STRESS_RATE=5 changes nothing in breakpoint: the rate is what/],
  ['faults', { STRESS_THRESHOLDS: 'rate>1' }, /STRESS_THRESHOLDS=rate>1 changes nothing in faults/],
  ['probe', { STRESS_WORKERS: '5' }, /STRESS_WORKERS=5 changes nothing in probe/],
  ['pressure', { STRESS_MESSAGES: '50' }, /STRESS_MESSAGES=50 changes nothing in pressure: its load is what/],
  [
    'scale',
    { PROXY_INSTANCES: '2' },
    /PROXY_INSTANCES=2 changes nothing in scale: its runs differ in exactly that/,
  ],
  [
    'custom',
    { STRESS_RATE: '5' },
    /STRESS_RATE=5 changes nothing in custom: STRESS_MODE=burst \(the default\)/,
  ],
  ['soak', { STRESS_RATE: '5', STRESS_DURATION: '9' }, /^$/],
  ['breakpoint', { STRESS_DURATION: '2', STRESS_THRESHOLDS: 'p(99)<9' }, /^$/],
  [
    'all',
    { STRESS_RATE: '5' },
    /^STRESS_RATE=5 changes nothing in all \/ 01-smoke, all \/ 02-burst-small, .*07-heavy: it sends/,
  ],
  ['quick', { STRESS_PROBE_WAIT: '5' }, /STRESS_PROBE_WAIT=5 changes nothing in quick: only the probe/],
]

it('knows of each shipped suite what changes nothing in it', () => {
  const given = JSON.stringify(SHIPPED.map(([name, env]) => [name, env]))
  const args = ['--input-type=module-typescript', '-e', READ_THE_SUITES, given]
  const env = { ...BARE_ENVIRONMENT, STRESS_BACKEND: 'embedded' }
  const root = join(import.meta.dirname, '../../..')
  const said = JSON.parse(execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' }))
  expect(said).toHaveLength(SHIPPED.length)
  for (const [index, [name, , expected]] of SHIPPED.entries()) expect(said[index], name).toMatch(expected)
})
