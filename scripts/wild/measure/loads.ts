import { setTimeout as after } from 'node:timers/promises'
import type { LoadResult } from '../../../src/engine.ts'
import { MailstormError } from '../../../src/error.ts'
import { spreadOf } from '../../../src/results/change.ts'
import { runLoad } from '../../../src/run/load.ts'
import { foreignText } from '../../../src/text/foreign-text.ts'
import type { LoadStep } from '../record.ts'
import type { Booted, Count } from './booted.ts'
import { Dialogue, NotReached } from './dialogue.ts'
import type { Figures } from './limits.ts'

interface Shape {
  readonly messages: number
  readonly size?: 'small' | 'xlarge'
  readonly recipients?: number
  readonly sessionEach?: true
  readonly pipelining?: 'transactions' | 'chunks'
}

/** Sizes that a slow server (30 messages a second) can take within `LONGEST_SECONDS`. */
const SHAPES: Readonly<Record<LoadStep, Shape>> = {
  commands: { messages: 500 },
  transactions: { messages: 500, pipelining: 'transactions' },
  chunks: { messages: 500, pipelining: 'chunks' },
  sessions: { messages: 200, sessionEach: true },
  recipients_100: { messages: 20, recipients: 100 },
  megabyte: { messages: 10, size: 'xlarge' },
}
/** What a level needs. */
const NEEDED = { transactions: 'PIPELINING', chunks: 'CHUNKING' } as const

const WORKERS = 10
const MESSAGES_PER_SESSION = 50
const LONGEST_SECONDS = 60
/** A load of a quick server lasts a fraction of a second, which says little by itself. */
const MOST_ROUNDS = 5
/** No further round for a server that has had this many seconds of load. */
const ENOUGH_SECONDS = 20

/** A load to ours, and then the same to the server. */
interface Round {
  readonly own: LoadResult
  readonly result: LoadResult
}

/** One of the six shapes, to ours and to the server in turn. */
export async function loadOf(
  step: LoadStep,
  server: Booted,
  ours: string,
  signal: AbortSignal,
): Promise<Figures<LoadStep>> {
  const shape = SHAPES[step]
  const { pipelining } = shape
  if (pipelining !== undefined && !(await offers(server, NEEDED[pipelining])))
    return { why_none: `${NEEDED[pipelining]} is not offered` }
  const before = await server.count()
  try {
    const rounds = await roundsOf(shape, server, ours, signal)
    const taken = await countedOf(server, before, rounds)
    return figuresOf(shape, rounds, taken)
  } catch (error) {
    if (!(error instanceof MailstormError)) throw error
    return { why_none: foreignText(error.message, 400) }
  }
}

async function roundsOf(
  shape: Shape,
  server: Booted,
  ours: string,
  signal: AbortSignal,
): Promise<readonly Round[]> {
  const rounds: Round[] = []
  let seconds = 0
  while (rounds.length < MOST_ROUNDS && seconds < ENOUGH_SECONDS) {
    const own = await send(shape, server, ours, signal)
    const result = await send(shape, server, server.address, signal)
    signal.throwIfAborted()
    rounds.push({ own, result })
    seconds += result.metrics.duration_seconds
  }
  return rounds
}

/** Code that ran for a while is faster: without this, the first server would be compared with a cold one of ours. */
export async function warmUp(ours: string, signal: AbortSignal): Promise<void> {
  await runLoad({
    ...{ targets: [ours], executor: 'shared-iterations', messages: 1_000, size: 'medium', workers: WORKERS },
    ...{ messagesPerSession: MESSAGES_PER_SESSION, maxDurationSeconds: LONGEST_SECONDS, signal },
  })
}

async function offers(server: Booted, keyword: string): Promise<boolean> {
  try {
    await using dialogue = await Dialogue.hello(server)
    dialogue.send('QUIT')
    return dialogue.extensions.some((line) => line.split(' ')[0]?.toUpperCase() === keyword)
  } catch (error) {
    if (!(error instanceof NotReached)) throw error
    return false
  }
}

/** To ours without the server's login; else the same. */
async function send(shape: Shape, server: Booted, address: string, signal: AbortSignal): Promise<LoadResult> {
  const { file } = server
  const isServer = address === server.address
  return runLoad({
    name: 'wild',
    targets: [address],
    executor: 'shared-iterations',
    messages: shape.messages,
    size: shape.size ?? 'medium',
    recipients: shape.recipients ?? 1,
    workers: Math.min(WORKERS, file.workers ?? WORKERS),
    messagesPerSession: shape.sessionEach ? 1 : (file.messages_per_session ?? MESSAGES_PER_SESSION),
    pipelining: shape.pipelining ?? 'commands',
    recipient: file.recipient,
    maxDurationSeconds: LONGEST_SECONDS,
    signal,
    ...(isServer && file.auth !== undefined ? { auth: file.auth } : {}),
  })
}

type Loaded = Extract<Figures<LoadStep>, { accepted: number }>

function figuresOf(
  { messages, recipients = 1 }: Shape,
  rounds: readonly Round[],
  counted: Loaded['counted'],
): Loaded {
  const results = rounds.map(({ result }) => result)
  const [first] = results
  if (first === undefined) throw new RangeError('No round')
  const { workload } = first
  const level = results.flatMap(({ pipelining }) => pipelining ?? []).find(({ why }) => why !== undefined)
  const outcomes = outcomesOf(results)
  const { median, min, max } = spreadOf(
    rounds.map(({ own, result }) => (rateOf(own) === 0 ? null : rateOf(result) / rateOf(own))),
  )
  // Ours ran at the level that was asked for; at another there is nothing to compare.
  const isComparable = outcomes.accepted > 0 && level === undefined
  return {
    rounds: rounds.length,
    messages: messages * rounds.length,
    size_bytes: workload.size_bytes,
    recipients,
    workers: workload.workers,
    messages_per_session: Number(workload.messages_per_session),
    pipelining: level?.used ?? first.pipelining?.[0]?.used ?? workload.pipelining,
    ...(level?.why === undefined ? {} : { pipelining_why: foreignText(level.why, 300) }),
    ...outcomes,
    recipients_refused: sumOf(results, ({ metrics }) => metrics.recipients_refused),
    seconds: round(sumOf(results, ({ metrics }) => metrics.duration_seconds)),
    per_second: round(medianOf(results, rateOf) ?? 0),
    ours_per_second: round(medianOf(rounds, ({ own }) => rateOf(own)) ?? 0),
    ...(isComparable && median !== null && min !== null && max !== null
      ? { relative: round(median), relative_from: round(min), relative_to: round(max) }
      : {}),
    service_p50_ms: roundOrNull(medianOf(results, ({ metrics }) => metrics.service_time_ms.p50)),
    service_p99_ms: roundOrNull(medianOf(results, ({ metrics }) => metrics.service_time_ms.p99)),
    failures: failuresOf(results),
    counted,
  }
}

function rateOf({ metrics }: LoadResult): number {
  return metrics.messages_per_second
}

function medianOf<One>(
  rounds: readonly One[],
  figure: (one: One) => number | null | undefined,
): number | null {
  return spreadOf(rounds.map((one) => figure(one) ?? null)).median
}

type Outcomes = LoadResult['metrics']['outcomes']

function outcomesOf(results: readonly LoadResult[]): Outcomes {
  const sum = (outcome: keyof Outcomes) => sumOf(results, ({ metrics }) => metrics.outcomes[outcome])
  return {
    accepted: sum('accepted'),
    rejected: sum('rejected'),
    deferred: sum('deferred'),
    failed: sum('failed'),
    dropped: sum('dropped'),
    not_reached: sum('not_reached'),
  }
}

const MOST_FAILURES = 4

function failuresOf(results: readonly LoadResult[]): Loaded['failures'] {
  const found = new Map<string, Loaded['failures'][number]>()
  for (const failure of results.flatMap(({ failures }) => failures)) {
    const { outcome } = failure
    const text = foreignText(failure.text, 200)
    const key = `${outcome} ${text}`
    found.set(key, { count: (found.get(key)?.count ?? 0) + failure.count, outcome, text })
  }
  return [...found.values()].toSorted((one, other) => other.count - one.count).slice(0, MOST_FAILURES)
}

function sumOf(results: readonly LoadResult[], figure: (result: LoadResult) => number): number {
  return results.reduce((sum, result) => sum + figure(result), 0)
}

/** What is in its log or its store comes later than its reply: of a relay that delivers slowly, by a minute. */
const UNCHANGED_MS = 10_000
const SETTLED_WITHIN_MS = 180_000
const LOOK_EVERY_MS = 500

/** What it counts more than before, once that is all that it acknowledged, or does not change any more. */
async function countedOf(
  server: Booted,
  before: Count | undefined,
  rounds: readonly Round[],
): Promise<Loaded['counted']> {
  if (before === undefined) return { why_none: server.file.counted }
  const results = rounds.map(({ result }) => result)
  const trial = results
    .flatMap(({ pipelining }) => pipelining ?? [])
    .reduce((sum, { trial_messages: sent }) => sum + sent, 0)
  const acknowledged_messages = trial + sumOf(results, ({ metrics }) => metrics.outcomes.accepted)
  const acknowledged_recipients =
    trial +
    sumOf(
      results,
      ({ metrics, workload }) => metrics.outcomes.accepted * workload.recipients - metrics.recipients_refused,
    )
  const endMs = performance.now() + SETTLED_WITHIN_MS
  let last: Count | undefined
  let changedMs = performance.now()
  for (;;) {
    const now = await server.count()
    if (now?.messages !== last?.messages || now?.recipients !== last?.recipients) {
      last = now
      changedMs = performance.now()
    }
    const messages = difference(now?.messages, before.messages)
    const recipients = difference(now?.recipients, before.recipients)
    const isAll =
      (messages ?? acknowledged_messages) >= acknowledged_messages &&
      (recipients ?? acknowledged_recipients) >= acknowledged_recipients
    const isSettled = performance.now() > changedMs + UNCHANGED_MS || performance.now() > endMs
    if (isAll || isSettled) return { messages, acknowledged_messages, recipients, acknowledged_recipients }
    await after(LOOK_EVERY_MS)
  }
}

function difference(now: number | null | undefined, before: number | null): number | null {
  return now === null || now === undefined || before === null ? null : Math.max(0, now - before)
}

const STORED_MESSAGES = 1_200

/** Many small messages to one recipient: what is kept of them at once. */
export async function fillStore(
  server: Booted,
  signal: AbortSignal,
): Promise<{ sent: number; kept: number }> {
  const { metrics } = await send({ messages: STORED_MESSAGES, size: 'small' }, server, server.address, signal)
  signal.throwIfAborted()
  await after(LOOK_EVERY_MS)
  return { sent: metrics.outcomes.accepted, kept: await keptBy(server) }
}

export async function keptBy(server: Booted): Promise<number> {
  const { messages, recipients } = (await server.count()) ?? {}
  return messages ?? recipients ?? 0
}

/** Three digits say more than the machine keeps. */
function round(value: number): number {
  return Number(value.toPrecision(3))
}

function roundOrNull(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : round(value)
}
