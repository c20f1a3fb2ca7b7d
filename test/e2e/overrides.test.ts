import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stress } from './stress.ts'

const LIMIT = { timeout: 60_000 }

test(
  'what would change nothing in a scenario is refused with the reason, before anything is booted',
  LIMIT,
  async () => {
    const run = await stress('burst', { STRESS_RATE: '50' })
    expect(run.output).toMatch(/STRESS_RATE=50 changes nothing in burst: it sends its messages as fast/)
    expect(run.output).not.toMatch(/Backend:|\n\s+at /)
    expect(run.exitCode).toBe(2)
    expect(await readdir(run.resultsDir)).toEqual([])
  },
)

test('a named scenario sends the load that the environment says, and its result says so', LIMIT, async () => {
  const env = {
    STRESS_MESSAGES: '60',
    STRESS_WORKERS: '3',
    STRESS_SIZE: '2KB',
    STRESS_TLS: 'starttls',
    SMTP_SERVERS: '1',
  }
  const run = await stress('burst', env)
  expect(run.exitCode, run.output).toBe(0)
  expect(run.result?.workload).toMatchObject({ planned: 60, workers: 3, size_bytes: 2048, tls: 'starttls' })
  expect(run.result?.ledger).toMatchObject({ verified: true, received: 60 })
  expect(run.result?.overridden).toEqual({
    load: [
      { variable: 'STRESS_MESSAGES', own: 5_000, value: 60 },
      { variable: 'STRESS_WORKERS', own: 50, value: 3 },
      { variable: 'STRESS_SIZE', own: 10_240, value: 2_048 },
      { variable: 'STRESS_TLS', own: null, value: 'starttls' },
    ],
    thresholds: 'own',
  })
  const files = await readdir(run.resultsDir)
  for (const kind of ['md', 'html']) {
    const file = files.find((name) => name.endsWith(`-burst.${kind}`)) ?? ''
    expect(await readFile(join(run.resultsDir, file), 'utf8')).toContain('scenario default: 5,000')
  }
})
