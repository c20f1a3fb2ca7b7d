/**
 * Vitest reporters, and the results of a run for reporters of your own.
 *
 * @packageDocumentation
 */
export type { AnyResult } from '../src/pressure/result.ts'
export type { MetricsAddress } from '../src/report/prometheus.ts'
export { default as BenchmarkReporter } from './benchmark-reporter.ts'
export { collectResults as resultsOf, resultOf } from './collect-results.ts'
export { default as GithubReporter } from './github-reporter.ts'
export { default as GracefulInterrupt, type GracefulInterruptOptions } from './graceful-interrupt.ts'
export { default as JunitReporter } from './junit-reporter.ts'
export { default as LiveViewReporter } from './live-view-reporter.ts'
export { default as MetricsReporter } from './metrics-reporter.ts'
export { default as ProbeReporter } from './probe-reporter.ts'
export { default as ProgressReporter, type ProgressReporterOptions } from './progress-reporter.ts'
export { default as ResultsReporter, type ResultsReporterOptions } from './results-reporter.ts'
