// @module-tag long

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PressureResult } from '../../src/pressure/result.ts'
import { stress } from '../e2e/stress.ts'
import { startStand } from './stand.ts'

// The proof that the pressure suites find what is wrong with a proxy: one that others wrote, in its faults.

const { GENRO_PYTHON: python = '' } = process.env
const WITHOUT = 'GENRO_PYTHON names no Python with genro-mail-proxy: test/genro/install makes one'
const limit = { timeout: 200_000 }

/** A suite against so many real proxies, as a user starts it. */
async function pressed(suite: string, instances: number, env: NodeJS.ProcessEnv = {}) {
  const stand = await startStand({ python, instances })
  onTestFinished(() => stand[Symbol.asyncDispose]())
  const run = await stress(suite, { ...env, ...stand.environment })
  const text = await readFile(join(run.resultsDir, 'latest.json'), 'utf8').catch(() => undefined)
  expect(text, run.output).toBeDefined()
  return { ...run, result: JSON.parse(text ?? '') as PressureResult }
}

const missedOf = ({ thresholds }: PressureResult) =>
  thresholds.filter(({ verdict }) => verdict === 'fail').map(({ expression }) => expression)

test('finds that one proxy all but stops after 1,000 messages', limit, async ({ skip }) => {
  if (python === '') skip(WITHOUT)
  const { result, exitCode } = await pressed('cliff', 1)
  expect(exitCode).toBe(1)
  expect(result.proxy).toMatchObject({ implementation: 'genro-mail-proxy', instances: 1, runs: 'external' })
  const cliff = result.diagnosis.find(({ rule }) => rule === 'throughput-cliff')
  expect(cliff?.cause).toContain('queue of 1,000 delivery results is full')
  const afterDeliveries = Number(
    /after ([\d,]+) deliveries/.exec(cliff?.evidence ?? '')?.[1]?.replace(',', ''),
  )
  expect(afterDeliveries).toBeGreaterThanOrEqual(900)
  expect(afterDeliveries).toBeLessThanOrEqual(1_020)
  expect(missedOf(result)).toEqual(expect.arrayContaining(['still_queued==0', 'drain_seconds<30']))
  expect(result.verification).toMatchObject({ verified: true, lost: 0, duplicated: 0, corrupted: 0 })
})

test('finds that three proxies on one database send messages twice, and which', limit, async ({ skip }) => {
  if (python === '') skip(WITHOUT)
  const env = { PRESSURE_DURATION: '6', LARGE_ATTACHMENT_RATE: '0', MSG_RATE_PER_SYNC: '5' }
  const { result, exitCode, output } = await pressed('pressure', 3, env)
  expect(exitCode).toBe(1)
  expect(result.proxy.instances).toBe(3)
  expect(missedOf(result)).toContain('duplicated==0')
  const { duplicated, duplicated_ids: ids, lost } = result.verification
  expect(duplicated).toBeGreaterThan(0)
  expect(lost).toBe(0)
  expect(output).toContain(`duplicated: ${ids[0]}`)
  expect(result.diagnosis.find(({ rule }) => rule === 'duplicates')).toMatchObject({
    severity: 'critical',
    cause: 'Several instances take the same rows of the queue, which has no claim or lease',
  })
})

test('finds that recipients beyond what a transaction takes are forgotten', limit, async ({ skip }) => {
  if (python === '') skip(WITHOUT)
  const { result } = await pressed('many-recipients', 1)
  expect(missedOf(result)).toEqual(expect.arrayContaining(['missed_recipients==0', 'misreported==0']))
  const { delivered, missed_recipients: missed, misreported } = result.verification
  expect(delivered).toBeGreaterThan(0)
  // 450 a message, of which the server takes 100.
  expect(missed).toBe(350 * (delivered ?? 0))
  expect(misreported).toBe(delivered)
})

test('finds that a tenant whose attachments never end holds up the others', limit, async ({ skip }) => {
  if (python === '') skip(WITHOUT)
  const { result } = await pressed('hanging-tenant', 1)
  expect(result.part).toBe('beside')
  expect(missedOf(result)).toContain('p95_ratio<=2')
  expect(result.verification).toMatchObject({ lost: 0, duplicated: 0 })
})

test('finds nothing lost when its database fails over', limit, async ({ skip }) => {
  if (python === '') skip(WITHOUT)
  const { result } = await pressed('failover', 1)
  expect(
    result.events.filter(({ what }) => what.includes('connections to the database were ended')),
  ).toHaveLength(12)
  expect(result.verification).toMatchObject({ lost: 0, corrupted: 0 })
})
