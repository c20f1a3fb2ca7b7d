/** Options by their long names; each stands for an environment variable. */
export interface RunOptions {
  readonly [option: string]: string | undefined
}

/** `--messages` is STRESS_MESSAGES, and so on: what overrides the scenario's own load. */
export const WORKLOAD_OPTIONS = {
  messages: ['STRESS_MESSAGES', '<count>', 'messages to send, or to send per worker'],
  workers: ['STRESS_WORKERS', '<count>', 'concurrent workers'],
  size: ['STRESS_SIZE', '<size>', 'small, medium, large, xlarge, or a size such as 10KB'],
  duration: ['STRESS_DURATION', '<seconds>', 'how long to keep up the rate, or the workers'],
  rate: ['STRESS_RATE', '<per second>', 'messages per second'],
  stages: ['STRESS_STAGES', '<list>', 'for ramps: levels over time, such as 30s:50,0s:100'],
  mode: ['STRESS_MODE', '<mode>', 'for custom: burst, sustained, or an executor'],
  pipelining: ['STRESS_PIPELINING', '<level>', 'off, commands or transactions'],
  'messages-per-session': [
    'STRESS_MESSAGES_PER_SESSION',
    '<count>',
    'messages sent over one connection, or unlimited',
  ],
  'max-sessions': ['STRESS_MAX_SESSIONS', '<count>', 'for rates: connections open at once'],
  tls: ['STRESS_TLS', '<mode>', 'none, starttls or implicit'],
  recipients: ['STRESS_RECIPIENTS', '<count>', 'recipients of each message'],
  sender: ['STRESS_SENDER', '<address>', 'sender of the messages'],
  recipient: ['STRESS_RECIPIENT', '<address>', 'recipient of the messages'],
  timeout: ['STRESS_TIMEOUT', '<seconds>', 'how long a reply may take'],
  thresholds: ['STRESS_THRESHOLDS', '<list>', 'what must hold, such as success_rate>=0.99,p(99)<1000'],
  baseline: ['STRESS_BASELINE', '<name>', 'the baseline that the threshold regression<10% compares with'],
} as const satisfies Readonly<Record<string, readonly [variable: string, value: string, meaning: string]>>

/** Where the load goes, and how the run is done. */
export const RUN_OPTIONS = {
  target: ['SMTP_TARGETS', '<host:port,…>', 'servers that are already running'],
  backend: ['STRESS_BACKEND', '<backend>', 'auto, docker, embedded, external or started'],
  servers: ['SMTP_SERVERS', '<count>', 'servers to boot'],
  seed: ['STRESS_SEED', '<number>', 'random seed: the same seed gives the same messages'],
  cooldown: ['STRESS_COOLDOWN', '<seconds>', 'rest between the runs of a scenario'],
} as const satisfies Readonly<Record<string, readonly [variable: string, value: string, meaning: string]>>
