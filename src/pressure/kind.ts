import type { Threshold } from '../figures/threshold.ts'
import { KINDS } from '../report/kinds.ts'
import { faultsOf, missedThreshold, tenantSentence } from '../report/verdict.ts'
import type { JudgedKind } from '../run/kind.ts'
import { RowFailure } from '../run/scenario-run.ts'
import type { PressureResult, TenantRow } from './result.ts'
import { type PressurePlan, runPressure } from './run.ts'
import { tenantTitle } from './spec.ts'

/** The run kind for a mail proxy under pressure: a row per tenant. */
export const PRESSURE_RUNS: JudgedKind<PressurePlan, PressureResult> = {
  ...KINDS.pressure,
  rows: ({ workload }) => workload.tenants.map(tenantTitle),
  thresholds: ({ workload }) => workload.thresholds,
  limitMs({ workload: { durationSeconds, drainMs } }, { cooldownSeconds }) {
    return BOOT_LIMIT_MS + (cooldownSeconds + durationSeconds) * 1000 + drainMs + END_LIMIT_MS
  },
  run: runPressure,
  async row({ plan, run, index, row }) {
    const tenant = (await run.result(row)).tenants[index]
    if (tenant === undefined) throw new RangeError(`the result has no tenant ${index}`)
    expectTenant(tenant, plan.workload.thresholds)
    return [{ text: tenantSentence(tenant), type: 'notice' }]
  },
  missed: missedThreshold,
  account: expectAccounted,
}

/** The first row's time includes boot and shutdown. */
const BOOT_LIMIT_MS = 180_000
const END_LIMIT_MS = 90_000

const COUNTED = ['lost', 'duplicated', 'corrupted', 'unreported', 'misreported'] as const

/** Judged by the limits for all tenants together: one tenant's share cannot exceed them. */
function expectTenant(row: TenantRow, thresholds: readonly Threshold[]): void {
  const { verification } = row
  const missed = thresholds.some(({ metric, comparison, limit }) => {
    const counted = COUNTED.find((name) => name === metric)
    if (counted === undefined) return false
    const value = verification[counted]
    return value !== null && (comparison === '<' ? value >= limit : value > limit)
  })
  if (missed) throw new RowFailure(`${tenantSentence(row)}\n${faultsOf(verification).join('\n')}`)
}

/** handed over = delivered + errors + still queued + lost, and the run finished. */
function expectAccounted({ verification, status, partial_reason }: PressureResult): void {
  const { handed_over, delivered, errors, still_queued, lost, verified, why_not } = verification
  if (!verified) throw new RowFailure(`not verified: ${why_not ?? 'it could not be checked'}`)
  const sum = (delivered ?? 0) + (errors ?? 0) + (still_queued ?? 0) + (lost ?? 0)
  if (lost === null) throw new RowFailure(why_not ?? 'what was lost is not known')
  if (sum !== handed_over) throw new RowFailure(`${handed_over} messages handed over, ${sum} accounted for`)
  if (status === 'partial') throw new RowFailure(`the run is partial: ${partial_reason}`)
}
