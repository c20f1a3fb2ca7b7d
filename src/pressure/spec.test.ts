import { expect, test } from 'vitest'
import type { Threshold } from '../figures/threshold.ts'
import { readOptions } from '../options/options.ts'
import { type PressureSpec, refuseSameTenants, resolvePressure, tenantTitle } from './spec.ts'

const SPEC: PressureSpec = { durationSeconds: 60, tenants: ['standard'], thresholds: ['success_rate==1'] }

const askedOf = (thresholds: readonly Threshold[]) =>
  thresholds.flatMap(({ expression, unasked }) => (unasked === true ? [] : expression))

const resolved = (change: Partial<PressureSpec> = {}, env: NodeJS.ProcessEnv = {}) =>
  resolvePressure({ ...SPEC, ...change }, readOptions(env), env)

test('defaults to the settings of genro-mail-proxy’s pressure test, one proxy in the test process, everything verified', () => {
  expect(resolved()).toMatchObject({
    durationSeconds: 60,
    inProcess: true,
    instances: 1,
    intake: 'response',
    quietMs: 15_000,
    proxySettings: {
      GMP_SYNC_INTERVAL: '5',
      GMP_POOL_SIZE: '20',
      GMP_BATCH_SIZE_PER_ACCOUNT: '50',
      GMP_SEND_LOOP_INTERVAL: '1',
    },
    tenants: [{ tenantId: 'tenant-standard', accountId: 'smtp-standard', clientId: 'standard-1' }],
  })
  expect(resolved().thresholds.map(({ expression }) => expression)).toEqual([
    'success_rate==1',
    'lost==0',
    'duplicated==0',
    'corrupted==0',
    'unreported==0',
    'disturbances==0',
  ])
})

test('does not add a threshold on a metric that the suite sets itself', () => {
  const { thresholds } = resolved({ thresholds: ['duplicated<=20'] })
  expect(thresholds.filter(({ metric }) => metric === 'duplicated')).toMatchObject([{ limit: 20 }])
  expect(askedOf(thresholds)).toEqual(['duplicated<=20'])
})

test('does not insist on fairness where less is handed over than the suite plans', () => {
  const asked = (env: NodeJS.ProcessEnv) =>
    askedOf(resolved({ thresholds: ['success_rate==1', 'fairness<5'] }, env).thresholds)
  expect(asked({})).toEqual(['success_rate==1', 'fairness<5'])
  expect(asked({ PRESSURE_DURATION: '120' })).toEqual(['success_rate==1', 'fairness<5'])
  expect(asked({ PRESSURE_DURATION: '10' })).toEqual(['success_rate==1'])
  expect(asked({ MSG_RATE_PER_SYNC: '2' })).toEqual(['success_rate==1'])
})

test('a suite whose thresholds do not name a success rate gets one', () => {
  const [latency, success] = resolved({ thresholds: ['p(95)<30000'] }).thresholds
  expect([latency?.expression, success?.expression]).toEqual(['p(95)<30000', 'success_rate>0.95'])
})

test('names everything that is wrong with a spec at once, before anything is booted', () => {
  const bad = {
    durationSeconds: -1,
    tenants: ['standart', { profile: 'standard', dndShare: 30, count: 0, colour: 'red' }],
    slowSink: { fromSecond: 9, untilSecond: 3, bytesPerSecond: 0 },
    proxies: 0,
    qietSeconds: 5,
  }
  const problems = [
    'durationSeconds: Too small: expected number to be >0 (given: -1)',
    'tenants.0.profile: ',
    'tenants.1.count: Too small: expected number to be >=1 (given: 0)',
    'tenants.1.dndShare: ',
    'tenants.1: Unrecognized key: "colour"',
    'slowSink.bytesPerSecond: ',
    'proxies: ',
    'Unrecognized key: "qietSeconds"',
  ]
  expect(() => resolved(bad as unknown as PressureSpec)).toThrow(/^Failed to read the scenario:\n/)
  for (const problem of problems)
    expect(() => resolved(bad as unknown as PressureSpec)).toThrow(`\n  ${problem}`)
})

test.for([
  [{ tenants: [] }, 'tenants: '],
  [{ slowSink: { fromSecond: 9, untilSecond: 3, bytesPerSecond: 1 } }, 'slowSink: ends before it begins'],
  [{ proxy: { POOL_SIZE: '1' } }, 'proxy.POOL_SIZE: '],
  [{ refusing: { odd: { replies: ['250 ok'] } } }, 'refusing.odd.replies.0: '],
] as const)('refuses %j', ([change, problem]) => {
  expect(() => resolved(change as unknown as PressureSpec)).toThrow(problem)
})

test('numbers repeated tenants, each with its own account', () => {
  const { tenants } = resolved({
    tenants: [{ profile: 'high-volume', count: 2, limitPerMinute: 30 }, 'documents'],
  })
  expect(tenants.map(({ tenantId, accountId }) => [tenantId, accountId])).toEqual([
    ['tenant-high-volume-1', 'smtp-high-volume-1'],
    ['tenant-high-volume-2', 'smtp-high-volume-2'],
    ['tenant-documents', 'smtp-documents'],
  ])
  expect(tenants.map(tenantTitle)).toEqual([
    'tenant-high-volume-1, at most 30 a minute, else defer',
    'tenant-high-volume-2, at most 30 a minute, else defer',
    'tenant-documents',
  ])
  expect(() => refuseSameTenants(resolved({ tenants: ['standard', 'standard'] }).tenants)).toThrow(
    'two of its tenants are named tenant-standard.',
  )
})

test('takes duration, instances, intake, tenants’ habits and proxy settings from the environment', () => {
  const workload = resolved(
    { proxies: 3, proxy: { GMP_POOL_SIZE: '7', GMP_LEASE: '2' } },
    {
      PRESSURE_DURATION: '12.5',
      PROXY_INSTANCES: '2',
      PRESSURE_INTAKE: 'push',
      MSG_RATE_PER_SYNC: '9',
      GMP_POOL_SIZE: '11',
      GMP_DB_PATH: 'postgresql://elsewhere/db',
    },
  )
  expect(workload).toMatchObject({
    durationSeconds: 12.5,
    instances: 2,
    inProcess: false,
    intake: 'push',
    proxySettings: { GMP_POOL_SIZE: '11', GMP_LEASE: '2' },
    tenants: [{ options: { messagesPerSync: 9 } }],
  })
  expect(workload.proxySettings).not.toHaveProperty('GMP_DB_PATH')
})

test('counts the proxies of PROXY_URL, and pushes to genro-mail-proxy', () => {
  const env = { PROXY_URL: 'http://127.0.0.1:8000/,http://127.0.0.1:8001', PROXY_DIALECT: 'genro' }
  expect(resolved({}, env)).toMatchObject({ instances: 2, intake: 'push' })
  expect(readOptions(env).pressure.external?.urls).toEqual(['http://127.0.0.1:8000', 'http://127.0.0.1:8001'])
})

test.each([
  [
    { GMP_POOL_SIZE: 'many' },
    'GMP_POOL_SIZE="many" is not a whole number. Allowed: a whole number from 1 to 1,000.',
  ],
  [{ GMP_NONSENSE: '1' }, 'GMP_NONSENSE is not known'],
  [{ PROXY_URL: 'localhost:8000' }, 'PROXY_URL="localhost:8000" has a part that is not an http URL'],
  [{ PROXY_TOKEN: 'secret-token' }, 'PROXY_TOKEN is set without PROXY_URL'],
  [{ PROXY_URL: 'http://a', PROXY_INSTANCES: '2' }, 'PROXY_INSTANCES boots proxies'],
  [
    { PRESSURE_INTAKE: 'response', PROXY_URL: 'http://a', PROXY_DIALECT: 'genro' },
    'Set PRESSURE_INTAKE=push',
  ],
])('refuses %j and says what to do', (env, why) => {
  expect(() => resolved({}, env)).toThrow(why)
})

test('refuses thresholds that no pressure run has', () => {
  expect(() => resolved({ thresholds: ['connect.p(95)<5'] })).toThrow('there is no metric "connect.p(95)"')
})

test('has tenants call run-now, unless they are to be left to the proxy', () => {
  const PROXY_URL = 'http://127.0.0.1:8000'
  expect(resolved({}, { PROXY_URL })).toMatchObject({ runNow: true })
  expect(resolved({}, { PROXY_URL, PROXY_RUN_NOW: '0' })).toMatchObject({ runNow: false })
})
