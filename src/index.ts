/**
 * Scenarios of your own: SMTP stress, a mail proxy under pressure, the protocol probe.
 *
 * @packageDocumentation
 */
export { breakpointScenario as breakpoint } from '../fixtures/breakpoint.ts'
export { CUSTOM_SCENARIO, SOAK_SCENARIO } from '../fixtures/environment-scenarios.ts'
export { type FaultPart, faultScenario as faults } from '../fixtures/faults.ts'
export {
  defineMetrics,
  type HookReply,
  type HookSample,
  type OnReply,
  type OnSample,
  type OwnMetrics,
} from '../fixtures/hooks.ts'
export { pressureParts, pressureScenario as pressure } from '../fixtures/pressure.ts'
export { probeScenario as probe } from '../fixtures/probe.ts'
export {
  type PartsOptions,
  type ScenarioOptions,
  type SpecFromEnvironment,
  scenario,
  scenarioParts,
} from '../fixtures/scenario.ts'
export { type JointSpec, scenarioTogether, type TogetherOptions } from '../fixtures/together.ts'
export type { LoadSpec } from './engine/executors/registry.ts'
export type { Metrics, Result, ThresholdResult } from './engine/result.ts'
export { MailstormError } from './error.ts'
export type { PressureMetrics, PressureResult } from './pressure/result.ts'
export type { PressureSpec, TenantSpec } from './pressure/spec.ts'
export type { ProbeReport } from './probe/report.ts'
export {
  PIPELINING_TABLE,
  SCALING_TABLE,
  SESSIONS_TABLE,
  type SideBySideColumn,
  type SideBySideSpec,
  TLS_TABLE,
} from './run/side-by-side.ts'
export type { BreakpointSpec, ScenarioSpec, SpecBase } from './run/spec/spec.ts'
