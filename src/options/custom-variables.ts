import { AUTH_MECHANISMS, PIPELINING_LEVELS, TLS_MODES } from '../smtp/target.ts'
import { mailAddress } from './address.ts'
import { countOrUnlimited, decimal, line, oneOf, wholeNumber } from './kind.ts'
import { MODES, stageList } from './mode.ts'
import { MIN_MESSAGE_BYTES, sizeInBytes } from './size.ts'
import { thresholdList } from './thresholds.ts'
import { preset, unset } from './variable.ts'

/** What holds in the custom scenario when a variable is unset; any other scenario then has its own load. */
export const CUSTOM_DEFAULTS = {
  messages: 1000,
  workers: 10,
  ratePerSecond: 50,
  durationSeconds: 60,
  sender: 'sender@mailstorm.test',
  recipient: 'recipient@mailstorm.test',
} as const

export const CUSTOM = {
  STRESS_MODE: preset(
    oneOf(MODES, 'sustained'),
    'burst',
    'Of custom alone: a number of messages at once, a rate over a time, or an executor by its name.',
  ),
  STRESS_MESSAGES: unset(
    wholeNumber({ min: 1, max: 10_000_000, example: 5000 }),
    `${CUSTOM_DEFAULTS.messages}`,
    'Messages to send, or of each worker (per-worker-iterations); not where a rate says how many.',
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
    'Seconds to keep a rate up (sustained, soak, …), or the workers at it (constant-workers).',
  ),
  STRESS_RATE: unset(
    decimal({ min: 0.01, max: 100_000, unit: 'messages per second', example: 50 }),
    `${CUSTOM_DEFAULTS.ratePerSecond}`,
    'Messages per second, where the rate is constant (sustained, soak, …).',
  ),
  STRESS_STAGES: unset(
    stageList,
    'none: the ramping modes need them',
    'Messages per second (ramping-arrival-rate, ramp-up) or workers (ramping-workers) over time, from 0.',
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
    'Connections that may be open at once, where a rate is kept; messages due beyond it wait.',
  ),
  STRESS_TLS: preset(oneOf(TLS_MODES, 'starttls'), 'none', 'Encryption of the sessions.'),
  STRESS_AUTH_USER: unset(line('text', 'user'), 'no login', 'Name to log in with.'),
  STRESS_AUTH_PASS: unset(line('text', 'secret'), 'no login', 'Password to log in with.', true),
  STRESS_AUTH_MECHANISM: unset(
    oneOf(AUTH_MECHANISMS, 'LOGIN'),
    'the best that the server offers',
    'The one SASL mechanism to log in by.',
  ),
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
  STRESS_THRESHOLDS: preset(
    thresholdList,
    'success_rate>=0.99',
    'What the run must hold, instead of what the scenario says.',
  ),
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
