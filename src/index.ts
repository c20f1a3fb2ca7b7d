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
  type OwnRecorder,
} from '../fixtures/hooks.ts'
export { pressureParts, pressureScenario as pressure } from '../fixtures/pressure.ts'
export { probeScenario as probe } from '../fixtures/probe.ts'
export { type RelayOptions, type RelayPart, relayScenario as relay } from '../fixtures/relay.ts'
export {
  type PartsOptions,
  type ScenarioOptions,
  type SpecFromEnvironment,
  scenario,
  scenarioParts,
} from '../fixtures/scenario.ts'
export { type JointSpec, scenarioTogether, type TogetherOptions } from '../fixtures/together.ts'
export type { CustomMetricResult, CustomMetricResults, MetricKind } from './engine/custom-metrics.ts'
export type { ConstantArrivalRate } from './engine/executors/constant-arrival-rate.ts'
export type { ConstantWorkers } from './engine/executors/constant-workers.ts'
export type { PerWorkerIterations } from './engine/executors/per-worker-iterations.ts'
export type { Stage } from './engine/executors/ramp.ts'
export type { RampingArrivalRate } from './engine/executors/ramping-arrival-rate.ts'
export type { RampingWorkers } from './engine/executors/ramping-workers.ts'
export type { LoadSpec } from './engine/executors/registry.ts'
export type { SharedIterations } from './engine/executors/shared-iterations.ts'
export type { LatencySummary, SparseHistogram } from './engine/histogram.ts'
export type {
  DriftResult,
  FailureRow,
  GeneratorResult,
  LedgerResult,
  MergedFrom,
  MergedPart,
  Metrics,
  MinAvgMax,
  NameLookup,
  NextHopRow,
  OverriddenResult,
  OverrideResult,
  ResourceSample,
  ResourceUsage,
  Result,
  RunVerdict,
  SearchResult,
  SearchStep,
  ServerRow,
  SessionCapRow,
  SideBySide,
  SlowRecipientsRow,
  SplitResult,
  ThresholdResult,
  TimelineRow,
  Unit,
  Verdict,
  WorkloadResult,
} from './engine/result.ts'
export type { EndedOutcome, Failure, FailureClass, Outcome } from './engine/sample.ts'
export { MailstormError } from './error.ts'
export type {
  AccountRow,
  Finding,
  PressureMetrics,
  PressureResult,
  PressureTimelineRow,
  PressureVerification,
  ProxyFacts,
  RunEvent,
  TenantRow,
} from './pressure/result.ts'
export type { FailoverPlan } from './pressure/scene/failover.ts'
export type { PressureSpec, SlowSpan, TenantSpec } from './pressure/spec.ts'
export type { ProbeReport, ProbeRow, ProbeVerdict } from './probe/report.ts'
export type {
  CutKind,
  CutPlan,
  FaultPlan,
  FaultServerPlan,
  GreylistPlan,
  LanePlan,
  Place,
  RatePlan,
} from './programs/faults/plans.ts'
export type { RecipientPlan } from './programs/faults/recipient-front.ts'
export type { ProfileName } from './programs/tenants/profile.ts'
export {
  PIPELINING_TABLE,
  SCALING_TABLE,
  SESSIONS_TABLE,
  type SideBySideColumn,
  type SideBySideSpec,
  TLS_TABLE,
} from './run/side-by-side.ts'
export type { BreakpointSpec, ScenarioSpec, SpecBase } from './run/spec/spec.ts'
export type { Credentials, PipeliningLevel, TlsMode } from './smtp/target.ts'
export type { NextHop } from './verify/store.ts'
