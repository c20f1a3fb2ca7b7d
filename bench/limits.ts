import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startNullSink } from '../containers/null-sink.ts'
import { MailstormError } from '../src/error.ts'
import { checkDescriptors } from '../src/smtp/preflight/preflight.ts'
import type { LimitsRun, LimitsTask } from './clients/limits.ts'
import type { PacedRun, PacedTask } from './clients/pacing-task.ts'
import { runScript } from './clients/run.ts'
import { optionsGiven } from './command-line.ts'
import { machineLine, table } from './report.ts'
import { startServer } from './server.ts'

/** What the engine takes of memory: for many messages, and for many sessions that are held open at a message a second. */
const MEBIBYTE = 1024 * 1024
const KIBIBYTE = 1024
/**
 * A message takes about a second of its session, so that a message a second keeps each of them in use. What is left of
 * the second lets the load catch up where it was held up.
 */
const TAKE_MS = 975
/** In which the sessions are opened. */
const RAMP_SECONDS = 10
/** Before that, the dispatch loop without a session: its lag is that of the machine. */
const PACER_PER_SECOND = 1_000
const PACER_SECONDS = 5
/** Issue 14. */
const MOST_MEBIBYTES = 200
const MOST_RATE_ERROR = 0.001
const MOST_LAG_P99_MS = 5
const MOST_KIBIBYTES_A_SESSION = 12

const HELP = `node bench/limits.ts [options]: what the load engine takes of memory; exit code 1 when it misses a target.

  --messages N   messages of 512 bytes, as fast as it goes (1000000); 0 = leave this out
  --sessions N   sessions held open at one message a second each (10000); 0 = leave this out
  --seconds N    how long they are (60)
  --help         print this

Sessions need a machine that has no other work: their lag is that of the machine. See docs/benchmarks.md.`

const { messages, sessions, seconds } = optionsGiven(readOptions, HELP)
const client = new URL('./clients/limits.ts', import.meta.url)
console.log(`${new Date().toISOString()}, ${machineLine()}`)
if (messages > 0) await memoryOfMessages(messages)
if (sessions > 0 && seconds > 0) await sessionsHeldOpen(sessions, seconds)

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { messages: text, sessions: text, seconds: text },
  })
  const read = {
    messages: whole('messages', values.messages ?? '1000000'),
    sessions: whole('sessions', values.sessions ?? '10000'),
    seconds: whole('seconds', values.seconds ?? '60'),
  }
  checkDescriptors(read.sessions)
  return read
}

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new MailstormError('BAD_OPTIONS', `Failed to read --${name}: "${text}" is not a whole number.`)
}

async function memoryOfMessages(messages: number): Promise<void> {
  await using server = await startServer()
  const task: LimitsTask = { port: server.port, messages, sizeBytes: 512 }
  const run = await runScript<LimitsRun>(client, task)
  const taken = (run.mostBytes - run.restBytes) / MEBIBYTE
  console.log(`\n${run.messages} messages of 512 bytes; ${mebibytes(run.restBytes)} MB at rest\n`)
  judge([['memory over rest', taken, 'MB', MOST_MEBIBYTES]])
}

async function sessionsHeldOpen(sessions: number, seconds: number): Promise<void> {
  const alone: PacedTask = { port: 0, ratePerSecond: PACER_PER_SECOND, seconds: PACER_SECONDS }
  const { lagP99Ms } = await runScript<PacedRun>(new URL('./clients/pacer.ts', import.meta.url), alone)
  await using sink = await startNullSink({ takeMs: TAKE_MS })
  const task: LimitsTask = { port: sink.port, sessions, rampSeconds: RAMP_SECONDS, seconds }
  const run = await runScript<LimitsRun>(client, task)
  const held = run.started.slice(RAMP_SECONDS, RAMP_SECONDS + seconds).reduce((sum, count) => sum + count, 0)
  const bytes = run.mostBytes - run.restBytes
  console.log(
    `\n${run.sessions} sessions opened within ${RAMP_SECONDS} s, then ${held} messages in ${seconds} s of the null sink, ` +
      `which takes ${TAKE_MS} ms for each; sender thread ${(run.cpuShare * 100).toFixed(0)} % of a core, ` +
      `${mebibytes(run.restBytes)} MB at rest. The dispatch loop alone, just before: lag p99 ${lagP99Ms.toFixed(2)} ms; ` +
      `load average now ${(loadavg()[0] as number).toFixed(1)}\n`,
  )
  if (run.sessions !== sessions) missed(`${run.sessions} of ${sessions} sessions were opened`)
  judge([
    ['rate error', Math.abs(held / (sessions * seconds) - 1) * 100, '%', MOST_RATE_ERROR * 100],
    ['lag p99', run.lagP99Ms, 'ms', MOST_LAG_P99_MS],
    ['memory a session', bytes / sessions / KIBIBYTE, 'KB', MOST_KIBIBYTES_A_SESSION],
  ])
}

/** Prints each figure beside the most that it may be; what is above fails the command. */
function judge(
  figures: readonly (readonly [name: string, value: number, unit: string, most: number])[],
): void {
  const rows = figures.map(([name, value, unit, most]) => {
    const isMet = value <= most
    if (!isMet) missed(`${name}: ${value.toFixed(3)} ${unit}, at most ${most} ${unit} is the target`)
    return [name, `${value.toFixed(3)} ${unit}`, `≤ ${most} ${unit}`, isMet ? 'ok' : 'short']
  })
  console.log(table(['', 'measured', 'target', ''], rows))
}

function missed(what: string): void {
  console.error(`missed: ${what}`)
  process.exitCode = 1
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0)
}
