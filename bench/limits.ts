import { parseArgs } from 'node:util'
import { startNullSink } from '../containers/null-sink.ts'
import { MailstormError } from '../src/error.ts'
import type { LimitsRun, LimitsTask } from './clients/limits.ts'
import { rateError } from './clients/pacing-task.ts'
import { runScript } from './clients/run.ts'
import { optionsGiven } from './command-line.ts'
import { machineLine, table } from './report.ts'
import { startServer } from './server.ts'

/** What the engine takes of memory: for many messages, and for many sessions that are held open at a message a second. */
const MEBIBYTE = 1024 * 1024
/** A message has two round trips in a session that is open: it takes about a second of it, and all sessions are in use. */
const DELAY_MS = 450

const HELP = `node bench/limits.ts [options]: what the load engine takes of memory.

  --messages N   messages of 512 bytes, as fast as it goes (1000000); 0 = leave this out
  --sessions N   sessions held open at one message a second each (10000); 0 = leave this out
  --seconds N    how long they are (60)
  --help         print this

See docs/benchmarks.md.`

const { messages, sessions, seconds } = optionsGiven(readOptions, HELP)
const client = new URL('./clients/limits.ts', import.meta.url)
console.log(`${new Date().toISOString()}, ${machineLine()}`)
if (messages > 0) await memoryOfMessages(messages)
if (sessions > 0) await sessionsHeldOpen(sessions, seconds)

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { messages: text, sessions: text, seconds: text },
  })
  return {
    messages: whole('messages', values.messages ?? '1000000'),
    sessions: whole('sessions', values.sessions ?? '10000'),
    seconds: whole('seconds', values.seconds ?? '60'),
  }
}

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new MailstormError('BAD_OPTIONS', `Failed to read --${name}: "${text}" is not a whole number.`)
}

async function memoryOfMessages(messages: number): Promise<void> {
  await using server = await startServer()
  const task: LimitsTask = { port: server.port, messages, sizeBytes: 512 }
  const run = await runScript<LimitsRun>(client, task)
  const row = [
    String(run.messages),
    mebibytes(run.restBytes),
    mebibytes(run.mostBytes),
    mebibytes(run.mostBytes - run.restBytes),
  ]
  console.log(`\n${table(['messages of 512 bytes', 'at rest', 'at most', 'over rest'], [row])}`)
}

async function sessionsHeldOpen(sessions: number, seconds: number): Promise<void> {
  await using sink = await startNullSink(DELAY_MS)
  const run = await runScript<LimitsRun>(client, { port: sink.port, sessions, seconds })
  const row = [
    String(run.sessions),
    String(run.messages),
    `${(rateError(run, sessions) * 100).toFixed(3)} %`,
    `${run.lagP99Ms.toFixed(2)} ms`,
    `${((run.mostBytes - run.restBytes) / run.sessions / 1024).toFixed(1)} KB`,
  ]
  console.log(
    `\n${table(['sessions opened', 'messages', 'rate error', 'lag p99', 'memory a session'], [row])}`,
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(0)} MB`
}
