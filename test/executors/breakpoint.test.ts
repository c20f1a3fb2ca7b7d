// @module-tag long

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { FaultServerThread } from '../../src/programs/faults/threads.ts'
import { runVitest } from '../vitest-child.ts'

/** What the server takes; with its burst and the threshold of 99 %, 309/s hold for the 4 s of a probe. */
const LIMIT_PER_SECOND = 300

test('a search finds the limit of a token bucket within 5 %, and stops by itself', async () => {
  await using server = await FaultServerThread.start({
    rate: { perSecond: LIMIT_PER_SECOND, burst: 25, stage: 'mail', code: 451 },
  })
  const resultsDir = await mkdtemp(join(tmpdir(), 'mailstorm-limit-'))
  onTestFinished(() => rm(resultsDir, { recursive: true, force: true }))
  const run = await runVitest({
    config: 'test/fixture-projects/executors/vitest.config.ts',
    name: '^limit',
    env: {
      STRESS_RESULTS_DIR: resultsDir,
      STRESS_COOLDOWN: '0.3',
      SMTP_TARGETS: `127.0.0.1:${server.port}`,
    },
  })
  const { search, metrics, verdict, workload } = JSON.parse(
    await readFile(join(resultsDir, 'latest.json'), 'utf8'),
  ) as Result
  const found = search?.rate_per_second ?? Number.NaN
  expect(Math.abs(found - LIMIT_PER_SECOND) / LIMIT_PER_SECOND, run.output).toBeLessThan(0.05)
  expect(search?.broke_at_per_second).toBeGreaterThan(LIMIT_PER_SECOND)
  // All other figures are of the run that confirmed the rate.
  expect(workload.rate_per_second).toBe(found)
  expect(metrics.outcomes.deferred / metrics.total_messages).toBeLessThanOrEqual(0.01)
  expect(verdict).not.toBe('FAILED')
  // What broke did so by the server's own word, and was deferred, not lost.
  const counts = await server.counts()
  expect(counts.refused.mail).toBeGreaterThan(0)
  expect(run.exitCode).toBe(0)
}, 300_000)
