import type { Result } from '../engine/result.ts'
import { customMetricsMarkdown } from './custom-metrics.ts'
import { markdownText } from './escape.ts'
import { extrasMarkdown } from './extras.ts'
import { count, percent, perSecond } from './format.ts'
import { ledgerSentence } from './ledger-sentence.ts'
import { details, markdownPage, SIGNS, thresholdsMarkdown } from './markdown-blocks.ts'
import {
  environmentTable,
  failuresTable,
  latencyTable,
  outcomesTable,
  resourcesTable,
  serversTable,
} from './markdown-tables.ts'
import { SUMMARY_COLUMNS, summaryCells } from './summary.ts'
import { markdownTable } from './table.ts'
import { namesOf, overriddenParts, rateSentence, sessionTroubles, workloadSentence } from './text-figures.ts'
import { timelineTable } from './timeline.ts'
import { runName, verdictReason } from './verdict.ts'

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
