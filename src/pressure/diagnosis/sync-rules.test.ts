import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM, summarise } from '../../engine/histogram.ts'
import type { ProxyFacts } from '../result.ts'
import { diagnose } from './diagnose.ts'
import { NOTHING, PROXY, patient, TENANT } from './patient.fixture.ts'

const REAL: ProxyFacts = { ...PROXY, implementation: 'genro-mail-proxy' }
const called = (...seconds: number[]) => {
  return (second: number) => ({ sync_calls: seconds.includes(second) ? 1 : 0 })
}
const resumed = (max: number) => ({
  dnd_resume_ms: { ...summarise(EMPTY_HISTOGRAM), count: 1, max },
})

test('counts calls inside DND windows, and names the tenants that were disturbed', () => {
  const tenants = [
    { ...TENANT, tenant_id: 'woken', dnd_violations: 7, sync_calls: 9 },
    { ...TENANT, tenant_id: 'left alone' },
  ]
  const metrics = { ...NOTHING.metrics, dnd_violations: 7, sync_calls: 1_012, dnd_periods: 4 }
  expect(diagnose(patient(called(1), { tenants, metrics }))).toMatchObject([
    {
      rule: 'dnd-ignored',
      evidence: '7 of 1,012 sync calls came inside one of 4 windows (woken: 7 of 9)',
      cause: 'The proxy does not keep next_sync_after, or its instances do not share it',
    },
  ])
  const [real] = diagnose(patient(called(1), { tenants, metrics, proxy: REAL }))
  expect(real?.cause).toContain('every tenant that has a report waiting')
})

test('sees that the call after a DND window came minutes later', () => {
  const metrics = { ...resumed(303_000), sync_calls: 12, duration_seconds: 960 }
  expect(diagnose(patient(called(1), { metrics, proxy: REAL }))).toMatchObject([
    {
      rule: 'rare-sync',
      evidence:
        '12 calls in 960 s to 1 tenant; up to 303 s passed between the end of a DND window and the next call',
      action: 'Have the clients call run-now with the key of their tenant',
    },
  ])
  expect(diagnose(patient(called(1), { metrics: resumed(59_000) }))).toEqual([])
})

test('sees that the first call came late, or never', () => {
  const never = patient(called())
  expect(diagnose(never)[0]?.evidence).toContain('none came at all')
  const late = { ...never, timeline: [...never.timeline, ...patient(called(15)).timeline] }
  expect(diagnose(late)[0]?.evidence).toContain('the first came after 75 s')
})
