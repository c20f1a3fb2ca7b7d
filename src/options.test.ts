import { describe, expect, it } from 'vitest'
import { THRESHOLD_PHASES } from './load/threshold-metric.ts'
import { VARIABLES } from './options/environment.ts'
import { readOptions } from './options.ts'
import { PHASES } from './smtp/target.ts'

const CORES = 2

describe('readOptions', () => {
  it('serves metrics where it is told to, on loopback when only the port is', () => {
    const metrics = (env: NodeJS.ProcessEnv) => readOptions(env, CORES).metrics
    expect(metrics({ STRESS_METRICS_PORT: '9464' })).toEqual({ host: '127.0.0.1', port: 9464 })
    expect(metrics({ STRESS_METRICS_PORT: '0', STRESS_METRICS_HOST: '0.0.0.0' })).toEqual({
      host: '0.0.0.0',
      port: 0,
    })
    expect(() => metrics({ STRESS_METRICS_PORT: '70000' })).toThrow('STRESS_METRICS_PORT')
  })

  it('needs nothing to be set', () => {
    expect(readOptions({}, CORES)).toEqual({
      backend: 'auto',
      targets: [],
      fleet: {
        servers: 5,
        domain: undefined,
        basePort: undefined,
        maxConnections: 100,
        maxMessageBytes: 10_485_760,
      },
      containers: {
        cpus: 2,
        memoryBytes: 2 * 1024 ** 3,
        foreign: undefined,
        nodeImage: 'node:24-alpine',
        sink: 'mailhog',
        mailhogImage: 'mailhog/mailhog:v1.0.1',
        postgresImage: 'postgres:17-alpine',
        monitoring: {
          prometheusImage: 'prom/prometheus:v3.5.0',
          prometheusPort: 9090,
          grafanaImage: 'grafana/grafana:12.1.1',
          grafanaPort: 3000,
        },
      },
      metrics: undefined,
      seed: 1,
      cooldownSeconds: 3,
      threads: 1,
      resultsDir: 'results',
      keepLogs: false,
      livePort: undefined,
      split: undefined,
      soak: { minutes: 30, ratePerSecond: 20 },
      pressure: { durationSeconds: undefined, external: undefined, instances: undefined, intake: undefined },
      probe: { connections: 120, strict: false, waitSeconds: 10 },
      tlsVerify: true,
      allowPublicTargets: false,
      tenants: {},
      custom: {
        mode: 'burst',
        messages: 1000,
        workers: 10,
        sizeBytes: 10_240,
        pipelining: 'commands',
        messagesPerSession: undefined,
        maxSessions: undefined,
        tls: 'none',
        auth: undefined,
        baseline: undefined,
        recipients: 1,
        sender: 'sender@mailstorm.test',
        recipient: 'recipient@mailstorm.test',
        thresholds: ['success_rate>=0.99'],
        replyTimeoutSeconds: 30,
      },
    })
  })

  it('takes everything of a sustained scenario from the environment', () => {
    const { custom } = readOptions({
      STRESS_MODE: 'sustained',
      STRESS_RATE: '12.5',
      STRESS_DURATION: '30',
      STRESS_WORKERS: '20',
      STRESS_SIZE: '100KB',
      STRESS_PIPELINING: 'transactions',
      STRESS_MESSAGES_PER_SESSION: '1',
      STRESS_MAX_SESSIONS: '40',
      STRESS_TLS: 'starttls',
      STRESS_AUTH_USER: 'u',
      STRESS_AUTH_PASS: ' p ',
      STRESS_RECIPIENTS: '3',
      STRESS_SENDER: 'a@example.net',
      STRESS_RECIPIENT: 'b@x.test',
      STRESS_THRESHOLDS: 'p(99) < 1s, lost==0',
      STRESS_TIMEOUT: '5',
    })
    expect(custom).toEqual({
      ...{ mode: 'sustained', ratePerSecond: 12.5, durationSeconds: 30, workers: 20, sizeBytes: 102_400 },
      ...{ pipelining: 'transactions', messagesPerSession: 1, maxSessions: 40, tls: 'starttls' },
      ...{ auth: { user: 'u', pass: ' p ' }, recipients: 3, sender: 'a@example.net', recipient: 'b@x.test' },
      ...{ thresholds: ['p(99)<1s', 'lost==0'], replyTimeoutSeconds: 5 },
    })
  })

  it('takes SMTP_TARGETS as the external backend', () => {
    const { backend, targets } = readOptions({ SMTP_TARGETS: '127.0.0.1:2525,[::1]:25' })
    expect(backend).toBe('external')
    expect(targets).toEqual([
      { host: '127.0.0.1', port: 2525 },
      { host: '::1', port: 25 },
    ])
  })

  it('configures the servers to boot', () => {
    const { fleet } = readOptions({
      SMTP_SERVERS: '3',
      SMTP_DOMAIN: 'mail.test',
      SMTP_PORT: '2525',
      SMTP_MAX_CONNECTIONS: '7',
      SMTP_MAX_MESSAGE_SIZE: '1MB',
    })
    expect(fleet).toEqual({
      ...{ servers: 3, domain: 'mail.test', basePort: 2525, maxConnections: 7, maxMessageBytes: 1_048_576 },
    })
  })

  it('takes a port of 0 as any free port', () => {
    expect(readOptions({ SMTP_PORT: '0' }).fleet.basePort).toBeUndefined()
  })

  it.each([
    [1, 1],
    [2, 1],
    [8, 2],
    [12, 3],
    [64, 4],
  ])('gives a machine of %d cores %d sender threads', (cores, threads) => {
    expect(readOptions({}, cores).threads).toBe(threads)
    expect(readOptions({ STRESS_THREADS: '7' }, cores).threads).toBe(7)
  })

  it('takes no more workers by default than there may be sessions', () => {
    expect(readOptions({ STRESS_MAX_SESSIONS: '4' }).custom.workers).toBe(4)
  })

  it('counts an empty value as unset, trims the others, and leaves foreign variables alone', () => {
    const options = readOptions({ STRESS_SEED: ' ', STRESS_MODE: ' burst ', SMTP_HOST: 'x', RATE: 'abc' })
    expect(options.seed).toBe(1)
    expect(options.custom.mode).toBe('burst')
  })

  it('is frozen all through', () => {
    const options = readOptions({
      SMTP_TARGETS: 'a:1',
      STRESS_AUTH_USER: 'u',
      STRESS_AUTH_PASS: 'p',
    })
    const { targets, custom, fleet } = options
    for (const part of [options, targets, targets[0], custom, custom.auth, custom.thresholds, fleet]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })
})

const SECOND_OF_THREE = { STRESS_GENERATORS: '3', STRESS_GENERATOR_INDEX: '1', STRESS_RUN_ID: 'night7' }
const GENERATOR_VARIABLES = [...Object.keys(SECOND_OF_THREE), 'STRESS_START_AT', 'JOB_COMPLETION_INDEX']

describe('generators that share a load', () => {
  it('know which part is theirs, when to start, and the run that it is of', () => {
    const startAt = '2026-11-22T10:00:00.250+01:00'
    expect(readOptions({ ...SECOND_OF_THREE, STRESS_START_AT: startAt }).split).toEqual({
      generators: 3,
      index: 1,
      sharedRunId: 'night7',
      startAt: new Date('2026-11-22T09:00:00.250Z'),
    })
    expect(readOptions({}).split).toBeUndefined()
  })

  it('take their number from an indexed Job of Kubernetes, and the run’s id from its start', () => {
    const env = { STRESS_GENERATORS: '3', JOB_COMPLETION_INDEX: '2' }
    const [seconds, milliseconds] = ['1795342200', '1795342200000'].map(
      (start) => readOptions({ ...env, STRESS_START_AT: start }).split,
    )
    expect(seconds).toMatchObject({ index: 2, startAt: new Date('2026-11-22T10:10:00Z') })
    expect(seconds).toEqual(milliseconds)
    expect(seconds?.sharedRunId).toMatch(/^at[a-z0-9]+$/)
  })

  it.each([
    [{ STRESS_GENERATOR_INDEX: undefined }, 'not which of them this one is'],
    [{ STRESS_GENERATOR_INDEX: '3' }, 'The index 3 is not below STRESS_GENERATORS=3'],
    [{ STRESS_RUN_ID: undefined }, 'nothing that names the run for all of them'],
    [{ STRESS_RUN_ID: 'a b' }, 'is not made of 1 to 40 letters and digits'],
    [{ STRESS_START_AT: '2026-11-22T10:00' }, 'has no time with a zone'],
    [{ STRESS_GENERATORS: undefined }, 'STRESS_GENERATOR_INDEX is set without STRESS_GENERATORS'],
  ])('are refused %j', (changes, problem) => {
    expect(() => readOptions({ ...SECOND_OF_THREE, ...changes })).toThrow(problem)
  })
})

describe('the table of variables', () => {
  it.each(VARIABLES.map((variable) => [variable.name, variable] as const))(
    '%s has an example that is allowed',
    (name, { example }) => {
      const partners: NodeJS.ProcessEnv = {
        ...(name === 'STRESS_RATE' || name === 'STRESS_DURATION' ? { STRESS_MODE: 'sustained' } : {}),
        ...(name === 'STRESS_STAGES' ? { STRESS_MODE: 'ramping-arrival-rate' } : {}),
        ...(name.startsWith('SMTP_IMAGE_') ? { SMTP_IMAGE: 'boky/postfix' } : {}),
        ...(name === 'STRESS_AUTH_USER' ? { STRESS_AUTH_PASS: 'p' } : {}),
        ...(name === 'STRESS_AUTH_PASS' ? { STRESS_AUTH_USER: 'u' } : {}),
        ...(GENERATOR_VARIABLES.includes(name) ? SECOND_OF_THREE : {}),
        ...(name.startsWith('PROXY_') && name !== 'PROXY_INSTANCES'
          ? { PROXY_URL: 'http://127.0.0.1:8000' }
          : {}),
      }
      expect(() => readOptions({ ...partners, [name]: example })).not.toThrow()
    },
  )

  it('knows every phase of the sender as a threshold', () => {
    expect(THRESHOLD_PHASES).toEqual(PHASES)
  })
})
