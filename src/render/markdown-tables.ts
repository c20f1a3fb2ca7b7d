import type { LatencySummary } from '../engine/histogram.ts'
import type { Metrics, Result } from '../engine/result.ts'
import { OUTCOMES } from '../engine/sample.ts'
import { markdownText } from './escape.ts'
import { count, decimal, percent, seconds, size } from './format.ts'
import { left, markdownTable, right } from './table.ts'
import { failureCount, failureText, failureTime, mostFrequent, replyCode } from './text-details.ts'

/** Kinds of failure in the Markdown; all of them are in the JSON. */
const MOST_FAILURES = 30
/** A pattern and the first of its texts. */
const MOST_TEXT = 800

export function outcomesTable({ metrics }: Result): string {
  const share = (messages: number) =>
    metrics.total_messages === 0 ? null : messages / metrics.total_messages
  const rows = OUTCOMES.map((outcome) => {
    const messages = metrics.outcomes[outcome]
    return [outcome.replace('_', ' '), count(messages), percent(share(messages))]
  })
  return markdownTable([left('Outcome'), right('Messages'), right('Share')], rows)
}

const LATENCY_COLUMNS = ['ms', 'count', 'avg', 'min', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max']

/** Response time, service time and every phase that took place. */
export function latencyTable(metrics: Metrics): string {
  const phases = Object.entries(metrics.phases_ms).filter(([, summary]) => summary.count > 0)
  const rows: [string, LatencySummary][] = [
    ['response time', metrics.response_time_ms],
    ['service time', metrics.service_time_ms],
    ...phases,
  ]
  const [first = '', ...others] = LATENCY_COLUMNS
  return markdownTable(
    [left(first), ...others.map(right)],
    rows.map(([name, summary]) => [markdownText(name), count(summary.count), ...latencyCells(summary)]),
  )
}

function latencyCells({ avg, min, p50, p90, p95, p99, p99_9, max }: LatencySummary): string[] {
  return [avg, min, p50, p90, p95, p99, p99_9, max].map((ms) => decimal(ms, 2))
}

export function serversTable({ per_server }: Result): string {
  if (per_server.length === 0) return ''
  const columns = [
    'Accepted',
    'Deferred',
    'Rejected',
    'Failed',
    'Data',
    'p50 ms',
    'p99 ms',
    'max ms',
    'Peak conn.',
  ]
  return markdownTable(
    [left('Server'), ...columns.map(right), left('Ended')],
    per_server.map((row) => [
      `${markdownText(row.name)} (${markdownText(row.host)}:${row.port})`,
      ...[row.accepted, row.deferred, row.rejected, row.failed].map(count),
      size(row.bytes),
      ...[row.response_time_ms.p50, row.response_time_ms.p99, row.response_time_ms.max].map((ms) =>
        decimal(ms, 2),
      ),
      count(row.peak_connections),
      markdownText(row.ended ?? ''),
    ]),
  )
}

export function failuresTable({ failures }: Pick<Result, 'failures'>): string {
  if (failures.length === 0) return ''
  const { shown, hidden } = mostFrequent(failures, MOST_FAILURES)
  const table = markdownTable(
    [right('Count'), ...['Outcome', 'Class', 'Phase', 'Code', 'Server', 'When', 'Text'].map(left)],
    shown.map((row) => [
      failureCount(row),
      row.outcome,
      markdownText(row.class),
      markdownText(row.phase),
      markdownText(replyCode(row)),
      markdownText(row.target),
      failureTime(row),
      markdownText(failureText(row), MOST_TEXT),
    ]),
  )
  return hidden === '' ? table : `${table}\n\n${hidden} are in the JSON.`
}

export function resourcesTable({ resource_usage, generator }: Result): string {
  const servers = Object.entries(resource_usage).map(([name, { cpu_percent: cpu, memory_bytes: memory }]) => [
    markdownText(name),
    ...[cpu.min, cpu.avg, cpu.max].map((value) => decimal(value, 1)),
    ...[memory.min, memory.avg, memory.max].map(size),
  ])
  const columns = ['CPU % min', 'avg', 'max', 'Memory min', 'avg', 'max']
  const table = markdownTable([left('Server'), ...columns.map(right)], servers)
  const { event_loop_delay_ms: loop, scheduling_lag_ms: lag } = generator
  const load = [
    `Generator: threads ${generator.threads}, CPU ${decimal(generator.cpu_percent, 1)} % of one core`,
    `event loop delay p50 ${decimal(loop.p50, 2)}, p99 ${decimal(loop.p99, 2)}, max ${decimal(loop.max, 2)} ms`,
    `scheduling lag p99 ${decimal(lag.p99, 2)}, max ${decimal(lag.max, 2)} ms`,
  ].join('; ')
  return servers.length === 0 ? load : `${table}\n\n${load}`
}

export function environmentTable(result: Result): string {
  const { machine, metrics } = result
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`)
  const rows: [string, string][] = [
    ['Started', metrics.start_time],
    ['Ended', metrics.end_time],
    [
      'Duration',
      `${seconds(metrics.duration_seconds)} (window ${seconds(metrics.window_seconds)}, drain ${seconds(metrics.drain_seconds)})`,
    ],
    ['Run', result.run_id],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${size(machine.memory_bytes)}, ${machine.os}`],
    ['Versions', versions.join(', ')],
    ['Format', result.format],
  ]
  return markdownTable(
    [left('What'), left('Value')],
    rows.map(([what, value]) => [what, markdownText(value)]),
  )
}
