import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Result } from '../src/engine/result.ts'
import { runProgram } from './clients/run.ts'
import { type MailstormTask, SESSIONS } from './clients/task.ts'
import { optionsGiven } from './command-line.ts'
import { messagesPerSecond, spreadOf } from './measurement.ts'
import { readOptions } from './options.ts'
import { machineLine, table } from './report.ts'
import { startServer } from './server.ts'

/**
 * The same load twice: by the engine in a plain script, and by `vitest run`, where each worker is a
 * test, with reporters, live figures and a result file. Each sends it once before, in the same process: what it costs
 * until the compilers are done is not what Vitest costs. Exit code 1 when it misses its target.
 */
const SIZE_BYTES = 1_024
const MESSAGES = 100_000
/** Issue 14. */
const TARGET = 0.9
const LIMIT_MS = 300_000

const HELP = `node bench/vitest-overhead.ts [options]: what vitest run with all reporters costs on top of the engine.

  --rounds N     rounds in which both take turns (5)
  --messages N   messages of a run, and as many before it (${MESSAGES})
  --help         print this

See docs/benchmarks.md.`

const options = optionsGiven((args) => readOptions(['--messages', String(MESSAGES), ...args]), HELP)
const messages = options.messages(SIZE_BYTES)
await using server = await startServer()
const bare: number[] = []
const vitest: number[] = []
for (let round = 0; round < options.rounds; round++) {
  bare.push(await bareRate())
  vitest.push(await vitestRate())
}
const [bareSpread, vitestSpread] = [spreadOf(bare), spreadOf(vitest)]
const ratio = spreadOf(vitest.map((rate, round) => rate / (bare[round] as number)))
const row = (name: string, { median, min, max }: typeof bareSpread) => [
  name,
  ...[median, min, max].map((rate) => Math.round(rate).toLocaleString('en')),
]
console.log(`${machineLine()}; ${messages} messages of 1 KB in ${SESSIONS} sessions to ${server.name}\n`)
console.log(
  table(
    ['messages/s', 'median', 'min', 'max'],
    [row('bare engine', bareSpread), row('vitest run', vitestSpread)],
  ),
)
const verdict = ratio.median >= TARGET ? 'ok' : 'short'
const range = `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`
console.log(
  `\nvitest run / bare engine: ${ratio.median.toFixed(2)}, ${range} (target ≥ ${TARGET}: ${verdict})`,
)

if (verdict !== 'ok') process.exitCode = 1

async function bareRate(): Promise<number> {
  const task: MailstormTask = {
    port: server.port,
    sizeBytes: SIZE_BYTES,
    messages,
    warmUpMessages: messages,
    pipelining: 'commands',
    newConnectionEach: false,
  }
  return messagesPerSecond(await runProgram('mailstorm', task))
}

async function vitestRate(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-bench-'))
  try {
    const output = await runVitest(folder)
    // The last one is the one that is measured.
    const latest = await readFile(join(folder, 'latest.json'), 'utf8').catch(() => '{}')
    const result = JSON.parse(latest) as Partial<Result>
    if (result.scenario !== 'measured' || result.metrics?.successful_messages !== messages)
      throw new Error(`vitest run did not send all:\n${output}`)
    return result.metrics.messages_per_second
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Its exit code does not matter here: thresholds are not what is measured. */
async function runVitest(resultsFolder: string): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const entry = join(root, 'node_modules/vitest/vitest.mjs')
  const env = {
    ...process.env,
    STRESS_MODE: 'burst',
    STRESS_MESSAGES: String(messages),
    STRESS_WORKERS: String(SESSIONS),
    STRESS_SIZE: 'small',
    STRESS_PIPELINING: 'commands',
    STRESS_THREADS: '1',
    STRESS_COOLDOWN: '0',
    STRESS_RESULTS_DIR: resultsFolder,
    SMTP_TARGETS: `127.0.0.1:${server.port}`,
  }
  const args = [entry, 'run', '--config', 'bench/overhead.config.ts']
  const run = promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: LIMIT_MS })
  return run.then(
    ({ stdout }) => stdout,
    (error: Error & { stdout?: string }) => error.stdout ?? error.message,
  )
}
