import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { PROBE_VERDICTS } from '../../src/probe/report.ts'

/** Where the records are: docs/servers/NAME.json. */
export const RECORDS_FOLDER = join(import.meta.dirname, '../../docs/servers')

export const RECORD_FORMAT = 'mailstorm-server/1'

const count = z.int().min(0)
const figure = z.number().min(0)

/** With which mailstorm, and when. */
const stamp = { mailstorm: z.string(), measured_at: z.iso.datetime() }

/** A step with its figures, or with the reason why it has none. */
function stepOf<Shape extends z.ZodRawShape>(figures: Shape) {
  return z.union([
    z.strictObject({ ...stamp, ...figures }),
    z.strictObject({ ...stamp, why_none: z.string().min(1) }),
  ])
}

const probe = stepOf({
  /** How long silence was waited out, in seconds. */
  wait_seconds: figure,
  counts: z.record(z.enum(PROBE_VERDICTS), count),
  rows: z.array(
    z.strictObject({
      /** Of the question, as in src/probe/checks. */
      id: z.string(),
      verdict: z.enum(PROBE_VERDICTS),
      came: z.string(),
      note: z.string(),
    }),
  ),
})

const load = stepOf({
  /** Times that the load was sent, to ours and to the server in turn. */
  rounds: count,
  /** The load: messages of a size in all rounds, recipients each, from so many workers. */
  messages: count,
  size_bytes: count,
  recipients: count,
  workers: count,
  messages_per_session: count,
  /** The level that was used, and why it was not the one that was asked for. */
  pipelining: z.string(),
  pipelining_why: z.string().optional(),
  /** What became of the messages; together they are `messages`. */
  accepted: count,
  rejected: count,
  deferred: count,
  failed: count,
  dropped: count,
  not_reached: count,
  /** Recipients refused of messages that were accepted for others. */
  recipients_refused: count,
  seconds: figure,
  per_second: figure,
  /** Our embedded server under the same load just before. This and the rate above are medians of the rounds. */
  ours_per_second: figure,
  /** Ratio of the two: median, least and greatest of the rounds; absent when nothing was accepted. */
  relative: figure.optional(),
  relative_from: figure.optional(),
  relative_to: figure.optional(),
  service_p50_ms: figure.nullable(),
  service_p99_ms: figure.nullable(),
  /** What it said to messages that it did not accept, the most frequent first. */
  failures: z.array(z.strictObject({ count, outcome: z.string(), text: z.string() })),
  /**
   * What it counts itself of this load, beside what it acknowledged; or why it cannot be counted. One of the two is null
   * where it counts only the other: messages, or copies for a recipient each.
   */
  counted: z.union([
    z.strictObject({
      messages: count.nullable(),
      acknowledged_messages: count,
      recipients: count.nullable(),
      acknowledged_recipients: count,
    }),
    z.strictObject({ why_none: z.string() }),
  ]),
})

const silence = z.strictObject({
  /** Seconds until it ended the session; null when it had not within the bound. */
  seconds: figure.nullable(),
  /** `421`, `221` or another code, `silent`, `reset`, `stays`. */
  how: z.string(),
  /** What it said, in a line. */
  text: z.string(),
})

export const STEPS = {
  /** The greeting, and the lines of the reply to EHLO or LHLO after the first. */
  offers: stepOf({ greeting: z.string(), extensions: z.array(z.string()) }),
  probe,
  /** A command a turn, or the envelope in one where PIPELINING is offered. */
  commands: load,
  /** The end of a message with the next envelope (RFC 2920). */
  transactions: load,
  /** Whole messages by BDAT (RFC 3030). */
  chunks: load,
  /** A session to each message. */
  sessions: load,
  recipients_100: load,
  megabyte: load,
  /** Most recipients of a message. */
  recipients: stepOf({ bound: count, accepted: count, next: z.string().nullable() }),
  /** What its store keeps of many messages to one recipient, at once and some time later. */
  store: stepOf({
    sent: count,
    kept_at_once: count,
    later_seconds: figure,
    kept_later: count,
  }),
  /** Most sessions at a time, and what the next one got. */
  connections: stepOf({ bound: count, greeted: count, next: z.string().nullable() }),
  /** How long a session may be silent. */
  idle: stepOf({
    bound_seconds: figure,
    after_greeting: silence,
    after_ehlo: silence,
    within_message: silence,
  }),
}
export type StepName = keyof typeof STEPS
export const STEP_NAMES = Object.keys(STEPS) as StepName[]

/** The six load shapes. */
export const LOAD_STEPS = [
  'commands',
  'transactions',
  'chunks',
  'sessions',
  'recipients_100',
  'megabyte',
] as const satisfies readonly StepName[]
export type LoadStep = (typeof LOAD_STEPS)[number]

/** docs/servers/NAME.json: what was measured of a server. A step that was not measured yet is absent. */
export const ServerRecord = z.strictObject({
  format: z.literal(RECORD_FORMAT),
  /** Name of its folder in test/wild. */
  server: z.string(),
  /** The version that was measured. */
  version: z.string(),
  steps: z.strictObject(STEPS).partial(),
})
export type ServerRecord = z.infer<typeof ServerRecord>
export type Steps = ServerRecord['steps']

type Measured<Step> = Exclude<Step, { why_none: string }>
/** Figures of a step; undefined when it was not measured or has none. */
export function figuresOf<Name extends StepName>(
  record: ServerRecord,
  name: Name,
): Measured<NonNullable<Steps[Name]>> | undefined {
  const step = record.steps[name]
  if (step === undefined || 'why_none' in step) return undefined
  return step as Measured<NonNullable<Steps[Name]>>
}

/** Of all servers that were measured, by name. Throws an error that names the file and what is wrong in it. */
export function readRecords(folder = RECORDS_FOLDER): Map<string, ServerRecord> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : []
  return new Map(
    files.toSorted().map((file) => [file.replace(/\.json$/, ''), readRecord(join(folder, file))]),
  )
}

export function readRecord(path: string): ServerRecord {
  const read = ServerRecord.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!read.success) throw new Error(`Failed to read ${path}: ${z.prettifyError(read.error)}`)
  return read.data
}
