import { expect, test } from 'vitest'
import { burstResult } from '../../report/result.fixture.ts'
import { failure } from '../../report/result-parts.fixture.ts'
import { mergeLedgers } from './rows.ts'
import { merged } from './share.fixture.ts'

test('ledgers of loads side by side name no generator, and keep the first 20 ids', () => {
  const { ledger } = burstResult()
  const ids = Array.from({ length: 15 }, (_, index) => `night7-${index}`)
  const lossy = { ...ledger, lost: 15, lost_ids: ids }
  const { why_not: _none, ...blind } = { ...ledger, verified: false, why_not: undefined }
  expect(mergeLedgers([lossy, lossy])).toMatchObject({
    verified: true,
    lost: 30,
    lost_ids: [...ids, ...ids.slice(0, 5)],
  })
  expect(mergeLedgers([ledger, { ...blind, why_not: 'no ledger' }]).why_not).toBe('no ledger')
  expect(mergeLedgers([ledger, blind]).why_not).toBe('a part of the load could not be verified')
})

test('ledgers add up, and one that could not be verified makes none of it verified', () => {
  const { ledger } = burstResult()
  const lossy = { ledger: { ...ledger, lost: 2, lost_ids: ['night7g1-4'] } }
  expect(merged({ index: 0 }, { index: 1, changes: lossy }).ledger).toMatchObject({
    verified: true,
    acknowledged: 10_000,
    received: 10_000,
    lost: 2,
    lost_ids: ['night7g1-4'],
  })
  const blind = { ledger: { ...ledger, verified: false, why_not: 'no ledger', received: null, lost: null } }
  expect(merged({ index: 0 }, { index: 1, changes: blind }).ledger).toMatchObject({
    verified: false,
    why_not: 'generator 1: no ledger',
    received: null,
    lost: null,
    duplicated: 0,
  })
})

test('servers and failures of the same kind are one row', () => {
  const failures = [failure(10, 'timeout', 'data', 'no reply', 'failed')]
  const result = merged(
    { index: 0, changes: { failures } },
    { index: 1, startedMs: 2000, changes: { failures } },
  )
  expect(result.per_server).toHaveLength(5)
  expect(result.per_server[0]).toMatchObject({ accepted: 2000, peak_connections: 10 })
  expect(result.failures).toMatchObject([{ count: 20, first_at_seconds: 3.2, last_at_seconds: 6.1 }])
})

test('custom metrics add up, and of gauges the later one by the run’s own time stands', () => {
  const custom = (value: number, atSeconds: number) => ({
    custom_metrics: {
      retries: { kind: 'counter' as const, sum: 3, per_second: 1 },
      depth: { kind: 'gauge' as const, value, min: value, max: value, at_seconds: atSeconds },
    },
  })
  const { custom_metrics: all } = merged(
    { index: 0, changes: custom(7, 4) },
    { index: 1, startedMs: 3000, changes: custom(9, 2) },
  )
  expect(all).toMatchObject({ retries: { sum: 6 }, depth: { value: 9, min: 7, max: 9, at_seconds: 5 } })
})

test('the work of generators adds up, and each reason for a doubt stands once', () => {
  const { generator } = burstResult()
  const doubts = (...reasons: string[]) => ({
    generator: { ...generator, bound: true, bound_reasons: reasons },
  })
  const result = merged(
    { index: 0, generators: 3, changes: doubts('all cores busy', 'late by 30 ms') },
    { index: 1, generators: 3 },
    { index: 2, generators: 3, changes: doubts('all cores busy') },
  )
  expect(result.generator).toMatchObject({
    threads: 3,
    bound: true,
    bound_reasons: ['generator 0, 2: all cores busy', 'generator 0: late by 30 ms'],
  })
  expect(result.generator.cpu_percent).toBeCloseTo(3 * generator.cpu_percent)
  expect(result.machine).toEqual(burstResult().machine)
})
