import type { LatencySummary } from '../engine/histogram.ts'
import type { Metrics, Result, ThresholdResult, TimelineRow } from '../engine/result.ts'
import { OUTCOMES } from '../engine/sample.ts'
import { markdownText } from './escape.ts'
import { customMetricsMarkdown, extrasMarkdown } from './extras.ts'
import {
  ledgerSentence,
  namesOf,
  overriddenParts,
  rateSentence,
  sessionTroubles,
  workloadSentence,
} from './facts.ts'
import { count, decimal, MISSING, percent, perSecond, seconds, size } from './format.ts'
import { SUMMARY_COLUMNS, summaryCells } from './runs/summary.ts'
import { left, markdownTable, right } from './table.ts'
import { failureCount, failureText, failureTime, mostFrequent, replyCode } from './text.ts'
import { runName, thresholdFigures, verdictReason } from './verdict.ts'

/** One run as Markdown that reads well as a file, in a pull request and in a GitHub job summary. */
export function renderMarkdown(result: Result): string {
  const blocks = [
    `## ${SIGNS[result.verdict]} ${markdownText(runName(result))}: ${result.verdict}`,
    markdownText(verdictReason(result), 1000),
    renderMarkdownSummary([result]),
    thresholdsMarkdown(result.thresholds),
    warnings(result),
    overridden(result),
    ...extrasMarkdown(result).map(({ title, body }) => `### ${title}\n\n${body}`),
    details('Workload and rate', workload(result)),
    details('Outcomes', outcomesTable(result)),
    details('Latency and phases', latencyTable(result.metrics)),
    details('Custom metrics', customMetricsMarkdown(result)),
    details('Servers', serversTable(result)),
    ...result.observations.map((sentence) => `> ${markdownText(sentence, 1000)}`),
    details('Failures', failuresTable(result)),
    details('Refused recipients', failuresTable({ failures: result.refused_recipients ?? [] })),
    details('Sessions that ended badly', failuresTable({ failures: result.session_failures ?? [] })),
    details('Ledger', ledger(result)),
    details('Resources', resourcesTable(result)),
    details('Timeline', timelineTable(result.timeline)),
    details('Environment', environmentTable(result)),
  ]
  return markdownPage(blocks)
}

/** The table over several runs, one row each. */
export function renderMarkdownSummary(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const cells = summaryCells(result).map((cell) => markdownText(cell))
    return [...cells.slice(0, -1), `${SIGNS[result.verdict]} ${cells.at(-1)}`]
  })
  return markdownTable(SUMMARY_COLUMNS, rows)
}

function warnings({ generator }: Result): string {
  if (!generator.bound) return ''
  const why = markdownText(generator.bound_reasons.join('; ') || 'no reason given', 300)
  return `> ⚠️ **Generator-bound:** these figures may be the limits of the machine that sent, not of the servers (${why}).`
}

function overridden(result: Result): string {
  const parts = overriddenParts(result)
  return parts.length === 0 ? '' : `> **Overridden:** ${markdownText(parts.join('; '), 1000)}.`
}

function workload(result: Result): string {
  const { metrics } = result
  return [
    `- ${markdownText(workloadSentence(result), 500)}`,
    `- executor ${result.workload.executor}, ${result.workload.model} model, seed ${result.seed}`,
    `- ${markdownText(rateSentence(result))}`,
    `- throughput ${perSecond(metrics.throughput)} accepted, success rate ${percent(metrics.success_rate)}`,
    `- ${count(metrics.sessions_opened)} sessions opened${sessionTroubles(metrics)}`,
    ...namesOf(result).map((name) => `- ${markdownText(name, 500)}`),
    `- backend ${markdownText(result.backend.name)}: ${markdownText(result.backend.why)}`,
  ].join('\n')
}

function ledger(result: Result): string {
  const ids = [
    ['Lost', result.ledger.lost_ids],
    ['Duplicated', result.ledger.duplicated_ids],
    ['Corrupted', result.ledger.corrupted_ids],
  ] as const
  const lists = ids
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `- ${name}: ${markdownText(list.join(', '), 1000)}`)
  const sentence = markdownText(ledgerSentence(result.ledger), 500)
  return lists.length === 0 ? sentence : `${sentence}\n\n${lists.join('\n')}`
}

/** Kinds of failure in the Markdown; all of them are in the JSON. */
const MOST_FAILURES = 30
/** A pattern and the first of its texts. */
const MOST_TEXT = 800

function outcomesTable({ metrics }: Result): string {
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
function latencyTable(metrics: Metrics): string {
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

function serversTable({ per_server }: Result): string {
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

function failuresTable({ failures }: Pick<Result, 'failures'>): string {
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

function resourcesTable({ resource_usage, generator }: Result): string {
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

function environmentTable(result: Result): string {
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

/** Rows that a person still reads; a longer run gets several seconds to the row. */
const MOST_ROWS = 20

/** The run over time, condensed to at most twenty rows. Counts add up; of latencies the worst second stands. */
export function timelineTable(timeline: readonly TimelineRow[]): string {
  if (timeline.length === 0) return ''
  const perRow = Math.ceil(timeline.length / MOST_ROWS)
  const columns = [
    'Second',
    'Due',
    'Started',
    'Accepted',
    'Not accepted',
    'In flight',
    'Queued',
    'Sessions',
    'p99 ms',
    'max ms',
  ]
  const groups = Array.from({ length: Math.ceil(timeline.length / perRow) }, (_, index) =>
    timeline.slice(index * perRow, (index + 1) * perRow),
  )
  const table = markdownTable(columns.map(right), groups.map(groupCells))
  const note = `${perRow} seconds to the row; p99 and max are those of the row's worst second, in flight and queued of its last.`
  return perRow === 1 ? table : `${table}\n\n${note}`
}

function groupCells(rows: readonly TimelineRow[]): string[] {
  const sum = (of: (row: TimelineRow) => number) => count(rows.reduce((total, row) => total + of(row), 0))
  const first = rows[0]
  const last = rows.at(-1)
  return [
    first === last ? String(first?.second) : `${first?.second}–${last?.second}`,
    sum((row) => row.due),
    sum((row) => row.started),
    sum((row) => row.accepted),
    sum((row) => row.deferred + row.rejected + row.failed),
    count(last?.in_flight),
    count(last?.queued),
    sum((row) => row.sessions_opened),
    worst(rows.map((row) => row.response_time_ms.p99)),
    worst(rows.map((row) => row.response_time_ms.max)),
  ]
}

function worst(values: readonly (number | null)[]): string {
  const measured = values.filter((value) => value !== null)
  if (measured.length === 0) return MISSING
  return decimal(
    measured.reduce((most, value) => Math.max(most, value)),
    2,
  )
}

/** What the Markdown of every kind of run is made of. */

export const SIGNS = { PASSED: '✅', WARNING: '⚠️', FAILED: '❌' } as const
const VERDICTS = { pass: '✅ pass', fail: '❌ fail', 'no-data': '❌ no data', skipped: '⏭️ skipped' } as const

export function details(title: string, body: string): string {
  // The empty lines make GitHub read Markdown inside HTML again (GFM, HTML blocks, condition 6).
  return body === '' ? '' : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

export function thresholdsMarkdown(thresholds: readonly ThresholdResult[]): string {
  if (thresholds.length === 0) return ''
  const rows = thresholds.map((threshold) => {
    const { value, limit } = thresholdFigures(threshold)
    const { verdict, expression, reason } = threshold
    const why = reason === undefined ? '' : ` (${markdownText(reason)})`
    return [VERDICTS[verdict] + why, markdownText(expression), value, limit]
  })
  return markdownTable([left('Verdict'), left('Threshold'), right('Value'), right('Limit')], rows)
}

/** Blocks that are empty are left out. */
export function markdownPage(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
