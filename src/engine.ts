/**
 * The load engine and SMTP client for a plain script, without Vitest.
 *
 * @packageDocumentation
 */

export type { LoadSpec } from './engine/executors/registry.ts'
export type { Progress } from './engine/progress.ts'
export type { Metrics, Result, ThresholdResult } from './engine/result.ts'
export type { EndedOutcome, Failure, FailureClass, Outcome } from './engine/sample.ts'
export { MailstormError } from './error.ts'
export { type LoadOptions, type LoadResult, type LoadRunOptions, runLoad } from './run/load.ts'
export {
  type AcceptedMessage,
  type OutgoingMessage,
  SmtpClient,
  type SmtpClientOptions,
} from './run/smtp/smtp-client.ts'
export type { ScenarioSpec, SpecBase } from './run/spec/spec.ts'
export type { Capabilities } from './smtp/capabilities.ts'
export { SmtpFailure } from './smtp/failure.ts'
export type { Credentials, PipeliningLevel, TlsMode } from './smtp/target.ts'
