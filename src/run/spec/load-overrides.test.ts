import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { GivenLoad } from '../../options/load.ts'
import { overrideLoad, variedBy } from './load-overrides.ts'
import { resolveSpec, type ScenarioSpec } from './spec.ts'

const BASE = { workers: 10, size: 'small', thresholds: ['success_rate==1'] } as const
const SPECS = {
  burst: { ...BASE, executor: 'shared-iterations', messages: 100 },
  each: { ...BASE, executor: 'per-worker-iterations', messagesPerWorker: 7 },
  workers: { ...BASE, executor: 'constant-workers', durationSeconds: 20 },
  waves: { ...BASE, executor: 'ramping-workers', stages: [{ durationSeconds: 20, target: 10 }] },
  rate: { ...BASE, executor: 'constant-arrival-rate', rate: 50, durationSeconds: 60 },
  ramp: {
    ...BASE,
    executor: 'ramping-arrival-rate',
    startRate: 10,
    stages: [{ durationSeconds: 30, target: 10 }],
  },
} as const satisfies Record<string, ScenarioSpec>
type Name = keyof typeof SPECS
const NAMES = Object.keys(SPECS) as Name[]

const ACCOUNTS = join(mkdtempSync(join(tmpdir(), 'mailstorm-overrides-')), 'accounts.csv')
writeFileSync(ACCOUNTS, 'user,pass\nann,x\n')
afterAll(() => rmSync(dirname(ACCOUNTS), { recursive: true }))

const STAGES = [{ durationSeconds: 5, target: 30 }]
/** A value for each variable that is unlike all of the specs above. */
/** These make no sense alone. */
type InPairs = 'STRESS_PROXY_SOURCE' | 'STRESS_TLS_CERT' | 'STRESS_TLS_KEY'
const GIVEN: Required<Omit<GivenLoad, 'STRESS_BASELINE' | InPairs>> = {
  STRESS_MODE: 'burst',
  STRESS_MESSAGES: 500,
  STRESS_WORKERS: 3,
  STRESS_SIZE: 2048,
  STRESS_CORPUS: 'mails',
  STRESS_DURATION: 2,
  STRESS_RATE: 9,
  STRESS_STAGES: STAGES,
  STRESS_PIPELINING: 'off',
  STRESS_PIPELINE_DEPTH: 32,
  STRESS_MESSAGES_PER_SESSION: 5,
  STRESS_MAX_SESSIONS: 30,
  STRESS_TLS: 'starttls',
  STRESS_AUTH_USER: 'user',
  STRESS_AUTH_PASS: 'secret',
  STRESS_AUTH_TOKEN_FILE: 'token',
  STRESS_AUTH_TOKEN_COMMAND: 'print-token',
  STRESS_ACCOUNTS: ACCOUNTS,
  STRESS_AUTH_MECHANISM: 'LOGIN',
  STRESS_IDLE_SESSIONS: 7,
  STRESS_THINK_TIME: [0.1, 2],
  STRESS_BREAK_OFF: { data: 5 },
  STRESS_RETRIES: 2,
  STRESS_RETRY_DELAY: [1, 5],
  STRESS_RECIPIENTS: 4,
  STRESS_SENDER: 'a@example.com',
  STRESS_RECIPIENT: 'b@example.com',
  STRESS_VERIFY: 'sink:2526',
  STRESS_VERIFY_TIMEOUT: 5,
  STRESS_HEADERS: { 'X-Tenant': '{seq}' },
  STRESS_DSN: 'failure',
  STRESS_THRESHOLDS: ['p(99)<500'],
  STRESS_TIMEOUT: 3,
  STRESS_EHLO_NAME: 'client.example.test',
  STRESS_LOCAL_ADDRESSES: '127.0.0.2-127.0.0.4',
  STRESS_PROXY_PROTOCOL: 'v2',
  STRESS_XCLIENT: 'ADDR=192.0.2.1',
  STRESS_TLS_MIN_VERSION: 'TLSv1.3',
  STRESS_TLS_SERVER_NAME: 'mail.example.test',
}
const OF_SOME: Partial<Record<keyof GivenLoad, readonly Name[]>> = {
  STRESS_MODE: [],
  STRESS_MESSAGES: ['burst', 'each'],
  STRESS_WORKERS: ['burst', 'each', 'workers', 'rate', 'ramp'],
  STRESS_DURATION: ['workers', 'rate'],
  STRESS_RATE: ['rate'],
  STRESS_STAGES: ['waves', 'ramp'],
  STRESS_MAX_SESSIONS: ['rate', 'ramp'],
  STRESS_PIPELINE_DEPTH: [],
  STRESS_RETRY_DELAY: [],
}

describe('overrideLoad', () => {
  it.each(Object.keys(GIVEN) as (keyof typeof GIVEN)[])(
    '%s changes the plan, or is refused with the reason',
    (name) => {
      for (const of of NAMES) {
        const secret = name.startsWith('STRESS_AUTH_TOKEN') ? {} : { STRESS_AUTH_PASS: 'secret' }
        const login = name.startsWith('STRESS_AUTH') ? { STRESS_AUTH_USER: 'user', ...secret } : {}
        const store = name === 'STRESS_VERIFY_TIMEOUT' ? { STRESS_VERIFY: 'sink' } : {}
        const load = { ...login, ...store, [name]: GIVEN[name] }
        const { spec, refused, overrides } = overrideLoad(SPECS[of], load)
        const changes = (OF_SOME[name] ?? NAMES).includes(of)
        expect([of, refused.has(name)]).toEqual([of, !changes])
        if (!changes) {
          expect(spec).toEqual(SPECS[of])
          expect(overrides).toEqual([])
          continue
        }
        expect(resolveSpec(spec)).not.toEqual(resolveSpec(SPECS[of]))
        // Where the mail ends up is no part of the load.
        if (name.startsWith('STRESS_VERIFY')) expect(overrides).toEqual([])
        else expect(overrides.length).toBeGreaterThan(0)
      }
    },
  )

  it('says what it replaced, and nothing of what stays the same', () => {
    const load = {
      STRESS_MESSAGES: 500,
      STRESS_WORKERS: 10,
      STRESS_SIZE: 2048,
      STRESS_TLS: 'starttls',
    } as const
    expect(overrideLoad(SPECS.burst, load).overrides).toEqual([
      { variable: 'STRESS_MESSAGES', own: 100, value: 500 },
      { variable: 'STRESS_SIZE', own: 1024, value: 2048 },
      { variable: 'STRESS_TLS', own: null, value: 'starttls' },
    ])
    expect(overrideLoad(SPECS.ramp, { STRESS_STAGES: STAGES }).overrides).toEqual([
      { variable: 'STRESS_STAGES', own: '0s:10,30s:10', value: '5s:30' },
    ])
  })

  it('keeps a password out of what it says', () => {
    const { spec, overrides } = overrideLoad(SPECS.burst, {
      STRESS_AUTH_USER: 'u',
      STRESS_AUTH_PASS: 'secret',
    })
    expect(spec.auth).toEqual({ user: 'u', pass: 'secret' })
    expect(JSON.stringify(overrides)).not.toContain('secret')
  })

  it('reckons the time limit of the load that there is, not of the one that was', () => {
    const own = { ...SPECS.rate, maxDurationSeconds: 70 }
    expect(resolveSpec(overrideLoad(own, { STRESS_DURATION: 3_600 }).spec).maxDurationMs).toBeGreaterThan(
      3_600_000,
    )
    expect(resolveSpec(overrideLoad(own, { STRESS_SIZE: 2048 }).spec).maxDurationMs).toBe(70_000)
    const many = overrideLoad(SPECS.burst, { STRESS_MESSAGES: 10_000_000 }).spec
    expect(resolveSpec(many).maxDurationMs).toBeGreaterThan(10_000_000 / 5)
  })

  it('gives a ramp of workers as many as its highest stage has', () => {
    expect(overrideLoad(SPECS.waves, { STRESS_STAGES: STAGES }).spec.workers).toBe(30)
  })

  it('refuses fewer sessions than there are workers, also than were given', () => {
    const refusal = (load: GivenLoad) => overrideLoad(SPECS.rate, load).refused.get('STRESS_MAX_SESSIONS')
    expect(refusal({ STRESS_MAX_SESSIONS: 9 })).toContain('less than its 10 workers')
    expect(refusal({ STRESS_MAX_SESSIONS: 9, STRESS_WORKERS: 9 })).toBeUndefined()
  })

  it('refuses more workers than the scenario allows sessions, unless more are given', () => {
    const own = { ...SPECS.rate, maxSessions: 20 }
    const refusal = (load: GivenLoad) => overrideLoad(own, load).refused.get('STRESS_WORKERS')
    expect(refusal({ STRESS_WORKERS: 20 })).toBeUndefined()
    expect(refusal({ STRESS_WORKERS: 21 })).toContain('at most 20 sessions')
    expect(refusal({ STRESS_WORKERS: 21, STRESS_MAX_SESSIONS: 30 })).toBeUndefined()
  })

  it('takes a baseline where a threshold compares with one', () => {
    const given = { STRESS_BASELINE: 'ci' }
    expect(overrideLoad(SPECS.burst, given).refused.get('STRESS_BASELINE')).toContain('regression')
    const both = { ...given, STRESS_THRESHOLDS: ['regression<10%'] }
    expect(overrideLoad(SPECS.burst, both).spec.baseline).toBe('ci')
  })
})

describe('what the parts of a scenario vary', () => {
  const varied = (...parts: ScenarioSpec[]) => [...variedBy(parts).keys()]

  it('is their shape, and not how much of it there is', () => {
    expect(varied(SPECS.burst, { ...SPECS.burst, size: 'large', messages: 10 })).toEqual([
      'STRESS_SIZE',
      'STRESS_CORPUS',
    ])
    expect(varied({ ...SPECS.burst, tls: 'none' }, { ...SPECS.rate, tls: 'starttls' })).toEqual([
      'STRESS_TLS',
    ])
  })

  it('is the one thing in which they differ, thresholds aside', () => {
    expect(varied(SPECS.burst, { ...SPECS.burst, workers: 20, thresholds: [] })).toEqual(['STRESS_WORKERS'])
    expect(varied(SPECS.burst, { ...SPECS.burst, workers: 20, messages: 50 })).toEqual([])
    expect(varied(SPECS.burst, { ...SPECS.burst, servers: 1 })).toEqual([])
    expect(varied(SPECS.burst, { ...SPECS.burst, sender: 'a@example.com' })).toEqual(['STRESS_SENDER'])
    expect(varied(SPECS.burst, { ...SPECS.burst, baseline: 'ci' })).toEqual([])
  })

  it('is refused', () => {
    const parts = [SPECS.burst, { ...SPECS.burst, size: 'large' }] as const
    const { spec, refused } = overrideLoad(parts[0], { STRESS_SIZE: 2048 }, variedBy(parts))
    expect(spec).toEqual(parts[0])
    expect(refused.get('STRESS_SIZE')).toBe('its runs differ in exactly that')
  })
})

it('STRESS_PIPELINE_DEPTH changes a load that goes by chunks, also where the environment says that it does', () => {
  const given = { STRESS_PIPELINING: 'chunks', STRESS_PIPELINE_DEPTH: 32 } as const
  const { spec, refused } = overrideLoad(SPECS.burst, given)
  expect(spec).toMatchObject({ pipelining: 'chunks', pipelineDepth: 32 })
  expect([...refused]).toEqual([])
})
