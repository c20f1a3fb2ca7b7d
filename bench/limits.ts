import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { LimitsRun, LimitsTask } from './clients/limits.ts'
import { rateError } from './clients/pacing-task.ts'
import { runScript } from './clients/run.ts'
import { machineLine, table } from './report.ts'
import { startServer } from './server.ts'

/** What the engine takes of memory: for many messages, and for many sessions that are held open at a message a second. */
const MEBIBYTE = 1024 * 1024
/** A message has two round trips in a session that is open: it takes about a second of it, and all sessions are in use. */
const DELAY_MS = 450

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    sessions: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
  },
})
const client = new URL('./clients/limits.ts', import.meta.url)
console.log(`${new Date().toISOString()}, ${machineLine()}`)
await memoryOfMessages(Number(values.messages))
await sessionsHeldOpen(Number(values.sessions), Number(values.seconds))

async function memoryOfMessages(messages: number): Promise<void> {
  if (messages === 0) return
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
  if (sessions === 0) return
  const program = fileURLToPath(new URL('./delayed-server.ts', import.meta.url))
  const env = { ...process.env, DELAY_MS: String(DELAY_MS) }
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'], env })
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    const run = await runScript<LimitsRun>(client, { port: Number(line.toString()), sessions, seconds })
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
  } finally {
    server.stdin.end()
    await once(server, 'exit')
  }
}

const mebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(0)} MB`
