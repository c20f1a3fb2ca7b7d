// @module-tag long

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { mergeSparse, summarise } from '../../src/engine/histogram.ts'
import type { Result } from '../../src/engine/result.ts'
import { runVitest } from '../vitest-child.ts'

const GENERATORS = 3
const ROOT = join(import.meta.dirname, '../..')
/** Vitest boots in two or three seconds; in many more on a machine that does other things too. */
const BOOT_MS = 30_000
const RATE = 100
const SECONDS = 4
const LIMIT_MS = 120_000

/** What one generator wrote. */
interface Part {
  readonly exitCode: number | null
  readonly output: string
  readonly file: string
  readonly result: Result
}

async function runPart(index: number, folder: string, env: NodeJS.ProcessEnv): Promise<Part> {
  const resultsDir = join(folder, `${index}`)
  const run = await runVitest({
    config: 'vitest.stress.config.ts',
    name: '^custom',
    env: { ...env, STRESS_GENERATOR_INDEX: `${index}`, STRESS_RESULTS_DIR: resultsDir },
  })
  const file = join(resultsDir, 'latest.json')
  return { ...run, file, result: JSON.parse(await readFile(file, 'utf8')) as Result }
}

function startedMs({ split }: Result): number {
  return Date.parse(split?.started_at ?? '')
}

describe('a load that three generators share', () => {
  let folder: string
  let server: RunningSmtpServer
  let parts: Part[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailstorm-shared-'))
    server = await embeddedSmtpServer({ name: 'smtp-server-shared' }).start()
    const env = {
      STRESS_GENERATORS: `${GENERATORS}`,
      STRESS_RUN_ID: 'shared7',
      STRESS_START_AT: `${Date.now() + BOOT_MS}`,
      SMTP_TARGETS: `127.0.0.1:${server.port}`,
      STRESS_MODE: 'sustained',
      STRESS_RATE: `${RATE}`,
      STRESS_DURATION: `${SECONDS}`,
      STRESS_WORKERS: '4',
      STRESS_SIZE: 'small',
    }
    parts = await Promise.all(Array.from({ length: GENERATORS }, (_, index) => runPart(index, folder, env)))
    return async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }, LIMIT_MS)

  test('each does its exact part of the messages, with its part of the workers', () => {
    expect(parts.map(({ exitCode, output }) => [exitCode, exitCode === 0 ? '' : output])).toEqual(
      Array(GENERATORS).fill([0, '']),
    )
    expect(parts.map(({ result }) => result.metrics.total_messages)).toEqual([134, 133, 133])
    expect(parts.map(({ result }) => result.metrics.outcomes.accepted)).toEqual([134, 133, 133])
    expect(parts.map(({ result }) => result.workload.workers)).toEqual([2, 1, 1])
    expect(parts.map(({ result }) => result.workload.rate_per_second)).toEqual(
      Array(GENERATORS).fill(RATE / GENERATORS),
    )
    // Message n of the whole is due at n/rate: by seconds, the parts add up to the rate.
    const due = parts.map(({ result }) => result.timeline.slice(0, SECONDS).map((row) => row.due))
    expect(due[0]?.map((own, second) => own + (due[1]?.[second] ?? 0) + (due[2]?.[second] ?? 0))).toEqual(
      Array(SECONDS).fill(RATE),
    )
  })

  test('they start together, and say by how much they missed it', () => {
    for (const [index, { result }] of parts.entries()) {
      const { split } = result
      expect(split).toMatchObject({ generators: GENERATORS, index, shared_run_id: 'shared7' })
      const lateMs = startedMs(result) - Date.parse(split?.agreed_start ?? '')
      expect(split?.start_late_ms).toBe(lateMs)
      // Never before it. On a machine that is too busy to boot them in time they are late, and say so.
      expect(lateMs).toBeGreaterThanOrEqual(-2)
    }
  })

  test('the server keeps their messages apart, and none is missing', async () => {
    for (const [index, { result }] of parts.entries()) {
      expect(result.run_id).toBe(`shared7g${index}`)
      expect(await server.ledger(result.run_id)).toMatchObject({
        accepted: result.metrics.outcomes.accepted,
        corrupted: 0,
      })
    }
  })

  test('mailstorm merge makes one result of them', async () => {
    const files = parts.map(({ file }) => file)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'src/cli.ts'), 'merge', ...files, '--json'],
      { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, STRESS_RESULTS_DIR: folder } },
    )
    const merged = JSON.parse(stdout) as Result
    const histogram = parts.map(({ result }) => result.histograms.response_time).reduce(mergeSparse)
    expect(merged.histograms.response_time.buckets).toEqual(histogram.buckets)
    expect(merged.metrics.response_time_ms).toEqual(summarise(histogram))
    expect(merged.metrics.outcomes.accepted).toBe(RATE * SECONDS)
    expect(merged.metrics.total_messages).toBe(RATE * SECONDS)
    expect(merged.workload).toMatchObject({ workers: 4, rate_per_second: expect.closeTo(RATE, 6) })
    expect(merged.run_id).toBe('shared7')
    const starts = parts.map(({ result }) => startedMs(result))
    expect(merged.merged?.start_skew_ms).toBe(Math.max(...starts) - Math.min(...starts))
  })
})
