import { z } from 'zod'
import { PIPELINING_LEVELS, TLS_MODES } from '../smtp/target.ts'
import { domainName, mailAddress, targetList } from './address.ts'
import { imageName, memorySize, variableList } from './container.ts'
import { GENERATORS, SOAK } from './generators.ts'
import { countOrUnlimited, decimal, line, oneOf, onOff, wholeNumber } from './kind.ts'
import { METRICS, MONITORING } from './metrics.ts'
import { MODES, stageList } from './mode.ts'
import { PRESSURE } from './pressure.ts'
import { PROBE } from './probe.ts'
import { MIN_MESSAGE_BYTES, sizeInBytes } from './size.ts'
import { TENANTS } from './tenants.ts'
import { thresholdList } from './thresholds.ts'
import { preset, unset, variablesOf } from './variable.ts'

const BACKENDS = ['auto', 'docker', 'embedded', 'external', 'started'] as const
export type Backend = (typeof BACKENDS)[number]

/** What holds in the custom scenario when the variable of its mode is unset. */
export const CUSTOM_DEFAULTS = {
  messages: 1000,
  workers: 10,
  ratePerSecond: 50,
  durationSeconds: 60,
  sender: 'sender@mailstorm.test',
  recipient: 'recipient@mailstorm.test',
} as const

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

const SERVERS = {
  SMTP_TARGETS: unset(
    targetList,
    'none: servers are booted',
    'Servers that already run, instead of booted ones.',
  ),
  SMTP_SERVERS: preset(wholeNumber({ min: 1, max: 32, example: 3 }), '5', 'Servers to boot.'),
  SMTP_DOMAIN: unset(
    domainName,
    'smtp1.test.local, smtp2.test.local, …',
    'Domain name of the booted servers.',
  ),
  SMTP_PORT: unset(
    wholeNumber({ min: 0, max: 65_535, example: 2525 }),
    'any free ports',
    'Port of the first booted server, the next ones follow; 0 takes any free ones.',
  ),
  SMTP_MAX_CONNECTIONS: preset(
    wholeNumber({ min: 1, max: 65_535, example: 200 }),
    '100',
    'Connections that a booted server takes at once; beyond it, it answers 421.',
  ),
  SMTP_MAX_MESSAGE_SIZE: preset(
    sizeInBytes({ minBytes: 1, names: false, example: '52428800' }),
    '10485760',
    'Bytes of the largest message that a booted server takes; beyond it, it answers 552.',
  ),
}

const CONTAINERS = {
  SMTP_CPUS: preset(
    decimal({ min: 0.1, max: 256, unit: 'CPUs', example: 0.5 }),
    '2',
    'CPUs that each SMTP container may use; more than the engine has are taken as all it has.',
  ),
  SMTP_MEMORY: preset(memorySize, '2g', 'Memory that each SMTP container may use.'),
  SMTP_IMAGE: unset(
    imageName,
    'ours, built when first used',
    'Container image of another SMTP server. It keeps no ledger, so nothing is verified.',
  ),
  SMTP_IMAGE_PORT: unset(
    wholeNumber({ min: 1, max: 65_535, example: 587 }),
    'the SMTP port it exposes, else 25',
    'Port that the server in SMTP_IMAGE listens on.',
  ),
  SMTP_IMAGE_ENV: unset(variableList, 'none', 'Environment of the containers of SMTP_IMAGE.', true),
  NODE_IMAGE: preset(imageName, 'node:24-alpine', 'Base of the image of our SMTP server.'),
  SINK: preset(
    oneOf(['mailhog', 'mailstorm'], 'mailstorm'),
    'mailhog',
    'What takes mail in containers that want a MailHog: the real one, or ours, which has no limit of 1 MB.',
  ),
  MAILHOG_IMAGE: preset(imageName, 'mailhog/mailhog:v1.0.1', 'Container image of MailHog.'),
  POSTGRES_IMAGE: preset(imageName, 'postgres:17-alpine', 'Container image of PostgreSQL.'),
  ...MONITORING,
}

const CUSTOM = {
  STRESS_MODE: preset(
    oneOf(MODES, 'sustained'),
    'burst',
    'A number of messages at once, a rate over a time, or an executor by its name.',
  ),
  STRESS_MESSAGES: unset(
    wholeNumber({ min: 1, max: 10_000_000, example: 5000 }),
    `${CUSTOM_DEFAULTS.messages}`,
    'Messages to send (burst), or of each worker (per-worker-iterations).',
  ),
  STRESS_WORKERS: unset(
    wholeNumber({ min: 1, max: 1000, example: 50 }),
    `${CUSTOM_DEFAULTS.workers}`,
    'Workers that send at the same time.',
  ),
  STRESS_SIZE: preset(
    sizeInBytes({ minBytes: MIN_MESSAGE_BYTES, names: true, example: 'large' }),
    'medium',
    'Size of each message, headers included.',
  ),
  STRESS_DURATION: unset(
    decimal({ min: 0.1, max: 86_400, unit: 'seconds', example: 60 }),
    `${CUSTOM_DEFAULTS.durationSeconds}`,
    'Seconds to keep the rate up (sustained), or the workers at it (constant-workers).',
  ),
  STRESS_RATE: unset(
    decimal({ min: 0.01, max: 100_000, unit: 'messages per second', example: 50 }),
    `${CUSTOM_DEFAULTS.ratePerSecond}`,
    'Messages per second (sustained only).',
  ),
  STRESS_STAGES: unset(
    stageList,
    'none: the ramping modes need them',
    'Messages per second (ramping-arrival-rate) or workers (ramping-workers) over time, from 0.',
  ),
  STRESS_PIPELINING: preset(
    oneOf(PIPELINING_LEVELS, 'off'),
    'commands',
    'How much is sent before the reply is read (RFC 2920), when the server offers it.',
  ),
  STRESS_MESSAGES_PER_SESSION: unset(
    countOrUnlimited(1_000_000),
    'unlimited in mode burst, 1 in mode sustained',
    'Messages sent over one connection before it is closed.',
  ),
  STRESS_MAX_SESSIONS: unset(
    wholeNumber({ min: 1, max: 50_000, example: 200 }),
    'chosen by the scenario',
    'Connections that may be open at once; messages due beyond it wait.',
  ),
  STRESS_TLS: preset(oneOf(TLS_MODES, 'starttls'), 'none', 'Encryption of the sessions.'),
  STRESS_AUTH_USER: unset(line('text', 'user'), 'no login', 'Name to log in with.'),
  STRESS_AUTH_PASS: unset(line('text', 'secret'), 'no login', 'Password to log in with.', true),
  STRESS_RECIPIENTS: preset(
    wholeNumber({ min: 1, max: 1000, example: 10 }),
    '1',
    'Recipients of each message.',
  ),
  STRESS_SENDER: preset(
    mailAddress,
    CUSTOM_DEFAULTS.sender,
    'Sender of the messages; its domain must be reserved.',
  ),
  STRESS_RECIPIENT: preset(
    mailAddress,
    CUSTOM_DEFAULTS.recipient,
    'Recipient of the messages; its domain must be reserved.',
  ),
  STRESS_THRESHOLDS: preset(thresholdList, 'success_rate>=0.99', 'What the run must hold.'),
  STRESS_BASELINE: unset(
    line('a name', 'burst-ci'),
    'none',
    'Baseline that a threshold on regression compares with: the name of a file in baselines/.',
  ),
  STRESS_TIMEOUT: preset(
    decimal({ min: 0.1, max: 3600, unit: 'seconds', example: 30 }),
    '30',
    'Seconds that a reply may take.',
  ),
}

export const ENVIRONMENT = z.object({ ...RUN, ...SERVERS, ...CONTAINERS, ...PRESSURE, ...TENANTS, ...CUSTOM })
export type Environment = z.infer<typeof ENVIRONMENT>
export type VariableName = keyof Environment

/** All variables, by what they belong to, in the order in which the README has them. */
export const VARIABLE_GROUPS = {
  run: variablesOf(RUN),
  servers: [...variablesOf(SERVERS), ...variablesOf(CONTAINERS)],
  pressure: [...variablesOf(PRESSURE), ...variablesOf(TENANTS)],
  custom: variablesOf(CUSTOM),
} as const

export const VARIABLES = Object.values(VARIABLE_GROUPS).flat()
