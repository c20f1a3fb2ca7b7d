import { readdirSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { embeddedProxy } from '../../containers/proxy.ts'
import type { PressureResult } from '../../src/pressure/result.ts'
import { isAlive } from '../../src/processes.ts'
import { stress } from '../e2e/stress.ts'
import { freshDatabases } from '../proxy/databases.ts'

const freshDatabase = freshDatabases()
const limit = { timeout: 120_000 }
/** Large files and sleeping tenants are not what is asked here; each tenant has enough messages to be compared. */
const SHORT = {
  PRESSURE_DURATION: '8',
  GMP_SYNC_INTERVAL: '1',
  MSG_RATE_PER_SYNC: '10',
  LARGE_ATTACHMENT_RATE: '0',
  DND_PROBABILITY: '0',
}

async function pressure(name: string, env: NodeJS.ProcessEnv, steps: Parameters<typeof stress>[2] = []) {
  const run = await stress(name, { ...SHORT, ...env }, steps)
  return { ...run, result: run.result as unknown as PressureResult | undefined }
}

test(
  'pressure: four tenants, every message verified, results written; backpressure is not meant',
  limit,
  async () => {
    const run = await pressure('pressure', {})
    expect(run.output).toContain('[PASSED] pressure')
    expect(run.output).not.toContain('backpressure')
    expect(run.exitCode).toBe(0)
    expect(run.result).toMatchObject({
      format: 'mailstorm-pressure/1',
      status: 'complete',
      proxy: { implementation: 'mailstorm', runs: 'in-process', settings: { GMP_SYNC_INTERVAL: '1' } },
      verification: { verified: true, lost: 0, duplicated: 0, corrupted: 0, unreported: 0 },
    })
    expect(run.result?.metrics.total_messages).toBeGreaterThan(50)
    expect(run.result?.tenants.map(({ tenant_id }) => tenant_id)).toEqual([
      'tenant-high-volume',
      'tenant-standard',
      'tenant-newsletter',
      'tenant-documents',
    ])
    const files = await readdir(run.resultsDir)
    expect(files).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/-pressure\.json$/),
        expect.stringMatching(/-pressure\.md$/),
      ]),
    )
  },
)

test('a missed threshold fails its row and the run', { ...limit, tags: 'long' }, async () => {
  const run = await pressure('backpressure', { PRESSURE_DURATION: '3' })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(/peak_pending>=100 — was \d+/)
  expect(run.result?.verdict).toBe('FAILED')
})

test('Ctrl-C writes the partial result, exits with 130 and leaves no process behind', {
  ...limit,
  tags: 'long',
}, async () => {
  let children: number[] = []
  const run = await pressure('pressure', { PRESSURE_DURATION: '60' }, [
    {
      text: 'delivered',
      act: (child) => {
        children = childrenOf(child.pid)
        child.kill('SIGINT')
      },
    },
  ])
  expect(run.exitCode).toBe(130)
  expect(run.result).toMatchObject({ status: 'partial', partial_reason: 'interrupted', scenario: 'pressure' })
  expect(run.result?.verification.lost).toBe(0)
  expect(children.length).toBeGreaterThan(0)
  expect(children.filter(isAlive)).toEqual([])
})

test('a setting of the proxy that is unknown is refused before anything boots', {
  ...limit,
  tags: 'long',
}, async () => {
  const run = await pressure('pressure', { GMP_POOL_SIEZ: '5' })
  expect(run.exitCode).not.toBe(0)
  expect(run.output).toContain('GMP_POOL_SIEZ is not known; allowed are GMP_DB_PATH')
  expect(run.result).toBeUndefined()
})

test('uses a proxy that is already running, and names one that is not', {
  ...limit,
  tags: 'long',
}, async () => {
  const service = embeddedProxy({
    databaseUrl: await freshDatabase(),
    apiToken: 'its-own-token',
    environment: { GMP_SYNC_INTERVAL: '1' },
  })
  await using proxy = await service.start()
  const given = { PROXY_URL: proxy.url, PROXY_TOKEN: 'its-own-token', GMP_SYNC_INTERVAL: undefined }
  const run = await pressure('pressure', given)
  expect(run.output).toContain('[PASSED] pressure')
  expect(run.exitCode).toBe(0)
  expect(run.result).toMatchObject({
    proxy: { implementation: 'mailstorm', runs: 'external', urls: [proxy.url] },
    backend: { name: 'external' },
    verification: { verified: true, lost: 0 },
  })
  const again = await pressure('pressure', { ...given, PRESSURE_INTAKE: 'push' })
  expect(again.result?.tenants.map(({ intake }) => intake)).toEqual(['push', 'push', 'push', 'push'])
  expect(again.output).toContain('[PASSED] pressure')
  const nobody = await pressure('pressure', { ...given, PROXY_URL: 'http://127.0.0.1:1' })
  expect(nobody.exitCode).toBe(1)
  expect(nobody.output).toContain('Failed to reach the proxy at http://127.0.0.1:1')
})

function childrenOf(parentPid: number | undefined): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => statusOf(pid).includes(`PPid:\t${parentPid}\n`))
}

/** Empty when it has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
