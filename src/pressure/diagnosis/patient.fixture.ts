import { assemble } from '../figures/assemble.ts'
import { runRecords, tenantRecords } from '../records.fixture.ts'
import type { PressureMetrics, PressureTimelineRow, ProxyFacts, TenantRow } from '../result.ts'
import type { Patient } from './rule.ts'

export const PROXY: ProxyFacts = {
  implementation: 'mailstorm',
  instances: 1,
  urls: [],
  runs: 'processes',
  settings: {},
}
export const NOTHING = assemble(runRecords({ tenants: [tenantRecords()] }), { thresholds: [], proxy: PROXY })
export const TENANT = NOTHING.tenants[0] as TenantRow

/** A healthy run of one minute, with changes; a function gives the timeline row of a second. */
export function patient(
  rowOf: (second: number) => Partial<PressureTimelineRow> = () => ({}),
  {
    metrics = {},
    ...change
  }: Partial<Omit<Patient, 'metrics'>> & { metrics?: Partial<PressureMetrics> } = {},
): Patient {
  const base = NOTHING.timeline[0] as PressureTimelineRow
  const quiet = { pending: 5, proxy_memory_bytes: 100 * 1024 ** 2, delivered: 20, sync_calls: 1 }
  const timeline = Array.from({ length: 60 }, (_, second) => ({
    ...base,
    second,
    ...quiet,
    ...rowOf(second),
  }))
  return {
    timeline,
    metrics: { ...NOTHING.metrics, window_seconds: 60, drain_seconds: 2, ...metrics },
    tenants: [TENANT],
    verification: { ...NOTHING.verification, delivered: 1_200 },
    proxy: PROXY,
    ...change,
  }
}
