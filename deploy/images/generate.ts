import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RESULT_FORMAT, type Result } from '../../src/engine/result.ts'
import { MailstormError } from '../../src/error.ts'
import { readOptions } from '../../src/options/options.ts'
import { Meeting } from '../../src/run/generators/meeting.ts'
import { awaitTargets } from './await-targets.ts'

const ROOT = join(import.meta.dirname, '../..')
const clock = { nowEpochMs: () => Date.now(), wait: (ms: number) => sleep(ms) }

const TARGETS_WITHIN_MS = 5 * 60_000
/** They started together and have the same to do. */
const ALL_ENDED_WITHIN_MS = 5 * 60_000

interface Part {
  readonly scenario: string
  /** From the last one being ready to the start. */
  readonly leadSeconds: string
  readonly generators: number
  readonly index: number
  readonly runId: string
  /** Of all runs: where merged results go. */
  readonly results: string
  /** Of this run, for all generators. */
  readonly folder: string
}

/**
 * One of the generators of an indexed Job: `generate.ts SCENARIO`. Waits until servers and generators are there, sends its
 * part of the load from the agreed time on, and as generator 0 merges what all of them measured.
 */
async function main(): Promise<void> {
  const part = partOf(process.env, process.argv.slice(2))
  const { SMTP_TARGETS, STRESS_RESOLVER, ALLOW_PUBLIC_TARGETS, STRESS_TLS } = process.env
  const { targets, allowPublicTargets, custom } = readOptions({
    SMTP_TARGETS,
    STRESS_RESOLVER,
    ALLOW_PUBLIC_TARGETS,
    STRESS_TLS,
  })
  await awaitTargets({ targets, tls: custom.tls, allowPublicTargets, withinMs: TARGETS_WITHIN_MS, clock })
  if (part.generators === 1) {
    process.exitCode = await stress(part, part.results)
    return
  }
  const meeting = new Meeting({ ...part, folder: meetingOf(part), clock })
  console.log(`Generator ${part.index} (of 0 to ${part.generators - 1}): the servers are there.`)
  const own = folderOf(part, part.index)
  const code = await stress(part, own, {
    STRESS_MEETING: meetingOf(part),
    STRESS_MEETING_LEAD: part.leadSeconds,
  })
  await meeting.end()
  if (part.index === 0) process.exitCode = await mergeAll(part, meeting)
  // Whether thresholds hold is for all parts together to say.
  else process.exitCode = (await resultsIn(own)).length > 0 ? 0 : code || 1
}

function partOf(env: NodeJS.ProcessEnv, args: readonly string[]): Part {
  const { STRESS_GENERATORS: generators, STRESS_GENERATOR_INDEX: index, RESULTS: results, JOB_UID: job } = env
  const [scenario] = args
  if (scenario === undefined || generators === undefined || index === undefined || !results || !job) {
    throw new MailstormError(
      'GENERATOR_OPTIONS',
      'Failed to start a generator: one of the scenario (argument), STRESS_GENERATORS, STRESS_GENERATOR_INDEX, RESULTS and JOB_UID is missing.',
      'See deploy/kubernetes/load/generator/job.yaml, which gives all of them.',
    )
  }
  // STRESS_RUN_ID takes letters and digits.
  const runId = job.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 40)
  const folder = join(results, 'generators', runId)
  // Not long after the last one is ready, and long enough for a volume of the network to show the news.
  const leadSeconds = env.START_LEAD_SECONDS || '20'
  const generatorCount = wholeIn('STRESS_GENERATORS', generators, [1, 10_000])
  const ownIndex = wholeIn('STRESS_GENERATOR_INDEX', index, [0, generatorCount - 1])
  return { scenario, leadSeconds, results, generators: generatorCount, index: ownIndex, runId, folder }
}

function wholeIn(name: string, text: string, [min, max]: readonly [min: number, max: number]): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new MailstormError(
    'GENERATOR_OPTIONS',
    `Failed to start a generator: ${name}="${text}" is not a whole number from ${min} to ${max}.`,
  )
}

async function stress(
  { scenario, runId }: Part,
  results: string,
  together: NodeJS.ProcessEnv = {},
): Promise<number> {
  const env = { ...process.env, STRESS_RUN_ID: runId, STRESS_RESULTS_DIR: results, ...together }
  // The file system of a pod is read-only; Vitest's other loaders write a compiled copy of its configuration into it.
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'native']
  return run([...vitest, '--config', 'vitest.stress.config.ts', '-t', named(scenario)], env)
}

const meetingOf = ({ folder }: Part) => join(folder, '.meeting')
const folderOf = ({ folder }: Part, index: number) => join(folder, `generator-${index}`)

/** Rows are called "<scenario> > worker 1"; `burst` must not run what only begins so. */
function named(scenario: string): string {
  return `^${scenario}( |$)`
}

async function mergeAll(part: Part, meeting: Meeting): Promise<number> {
  const missing = await meeting.notEnded(ALL_ENDED_WITHIN_MS)
  for (const index of missing)
    console.error(`Generator ${index} has left no results; the figures below are without its part.`)
  const folders = Array.from({ length: part.generators }, (_, index) => folderOf(part, index))
  const found = (await Promise.all(folders.map(resultsIn))).flat()
  // Without what makes this one a generator: the result is that of all.
  const { PATH, HOME, NO_COLOR } = process.env
  const env = { PATH, HOME, NO_COLOR, STRESS_RESULTS_DIR: part.results }
  // A scenario of several runs, as `mixed`, has a result for each.
  const codes: number[] = []
  for (const [, results] of Map.groupBy(found, ({ run }) => run)) {
    const files = results.map(({ file }) => file)
    codes.push(await run(['src/cli.ts', 'merge', ...files], env))
  }
  const worst = Math.max(...codes)
  return missing.length > 0 || found.length === 0 ? Math.max(1, worst) : worst
}

interface FoundResult {
  readonly file: string
  /** The same for all generators' results of one run of the scenario. */
  readonly run: string
}

async function resultsIn(folder: string): Promise<FoundResult[]> {
  const names = await readdir(folder).catch(() => [])
  const stamped = names.filter((name) => /^\d{8}-\d{6}-.*\.json$/.test(name))
  const results = stamped.map(async (name) => {
    const file = join(folder, name)
    const { format, scenario, part } = JSON.parse(await readFile(file, 'utf8')) as Partial<Result>
    return format === RESULT_FORMAT ? [{ file, run: `${scenario} ${part}` }] : []
  })
  return (await Promise.all(results)).flat()
}

/** Ends with the child, and passes on what it is told to do. */
async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, pass)
  const [code] = await once(child, 'close')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, pass)
  return typeof code === 'number' ? code : 1
}

main().catch((error: Error) => {
  console.error(error.name === 'MailstormError' ? error.message : error.stack)
  process.exit(2)
})
