/** Options by their long names; those of the custom workload are named as its variables. */
export interface RunOptions {
  readonly [option: string]: string | undefined
}

/** `--messages` is STRESS_MESSAGES, and so on: the workload of the custom scenario. */
export const WORKLOAD_OPTIONS = {
  messages: ['STRESS_MESSAGES', '<count>', 'messages to send (burst), or of each worker'],
  workers: ['STRESS_WORKERS', '<count>', 'workers that send at the same time'],
  size: ['STRESS_SIZE', '<size>', 'small, medium, large, xlarge, or as 10KB'],
  mode: ['STRESS_MODE', '<mode>', 'burst, sustained, or an executor as ramping-arrival-rate'],
  duration: ['STRESS_DURATION', '<seconds>', 'how long to keep the rate up (sustained)'],
  stages: ['STRESS_STAGES', '<list>', 'levels over time, as 30s:50,0s:100 (ramping modes)'],
  rate: ['STRESS_RATE', '<per second>', 'messages per second (sustained)'],
  recipients: ['STRESS_RECIPIENTS', '<count>', 'recipients of each message'],
  pipelining: ['STRESS_PIPELINING', '<level>', 'off, commands or transactions'],
  tls: ['STRESS_TLS', '<mode>', 'none, starttls or implicit'],
  baseline: ['STRESS_BASELINE', '<name>', 'what the threshold regression<10% compares with'],
  thresholds: ['STRESS_THRESHOLDS', '<list>', 'what the run must hold, as success_rate>=0.99,p(99)<1000'],
} as const satisfies Readonly<Record<string, readonly [variable: string, value: string, meaning: string]>>

/** For any scenario. */
export const RUN_OPTIONS = {
  target: ['SMTP_TARGETS', '<host:port,…>', 'servers that already run'],
  backend: ['STRESS_BACKEND', '<backend>', 'auto, docker, embedded, external or started'],
  servers: ['SMTP_SERVERS', '<count>', 'servers to boot'],
  seed: ['STRESS_SEED', '<number>', 'the same seed gives the same messages'],
  cooldown: ['STRESS_COOLDOWN', '<seconds>', 'rest between the runs of a scenario'],
} as const satisfies Readonly<Record<string, readonly [variable: string, value: string, meaning: string]>>
