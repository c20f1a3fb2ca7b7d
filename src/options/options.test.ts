import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'

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
      given: new Set(),
      load: {},
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
      probe: { connections: 120, strict: false, waitMs: 10_000 },
      tlsVerify: true,
      pipeliningTrial: true,
      calibrate: false,
      allowPublicTargets: false,
      tenants: {},
      custom: {
        mode: 'burst',
        executor: 'shared-iterations',
        messages: 1000,
        workers: 10,
        size: 10_240,
        pipelining: 'commands',
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
      ...{ mode: 'sustained', executor: 'constant-arrival-rate', rate: 12.5, durationSeconds: 30 },
      ...{ workers: 20, size: 102_400 },
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
