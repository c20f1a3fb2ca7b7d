// @module-tag long

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { accountedFor, stress } from '../e2e/stress.ts'

const LIMIT_MS = 120_000

/** One part of `-t faults`, by the words of its title, and its result. */
async function fault(title: string) {
  const run = await stress(`faults > \\d+ of \\d+: ${title}`, { STRESS_COOLDOWN: '0' })
  const name = readdirSync(run.resultsDir).find((file) => /-faults-.*\.json$/.test(file)) ?? 'latest.json'
  const result = JSON.parse(readFileSync(join(run.resultsDir, name), 'utf8')) as Result
  return { ...run, result }
}

test('a connection cut after the final dot is a failed message that the server has; none is lost', {
  timeout: LIMIT_MS,
}, async () => {
  const { exitCode, result } = await fault('reset before "250')
  expect(exitCode).toBe(0)
  expect(accountedFor(result)).toBe(true)
  const { ledger, metrics } = result
  expect(ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0 })
  expect(metrics.outcomes.failed).toBeGreaterThan(0)
  expect(ledger.unacknowledged).toBe(metrics.outcomes.failed)
  expect(ledger.received).toBe(metrics.total_messages)
  expect(result.backend.why).toContain('fault: reset before "250" behind "354" to the client')
})

test('a connection cut before the final dot is a failed message that the server does not have', {
  timeout: LIMIT_MS,
}, async () => {
  const { exitCode, result } = await fault('reset before "\\.')
  expect(exitCode).toBe(0)
  expect(accountedFor(result)).toBe(true)
  expect(result.metrics.outcomes.failed).toBeGreaterThan(0)
  expect(result.ledger).toMatchObject({ verified: true, lost: 0, unacknowledged: 0 })
  expect(result.ledger.received).toBe(result.metrics.outcomes.accepted)
})

test('messages refused by rate are deferred, and the fault server keeps account of the others', {
  timeout: LIMIT_MS,
}, async () => {
  const { exitCode, result } = await fault('47 messages a second, 451')
  expect(exitCode).toBe(0)
  const { outcomes } = result.metrics
  expect(outcomes.deferred).toBeGreaterThan(0)
  expect(outcomes.accepted + outcomes.deferred).toBe(500)
  expect(result.ledger).toMatchObject({ verified: true, received: outcomes.accepted, lost: 0, duplicated: 0 })
})
