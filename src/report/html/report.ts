import type { LatencySummary } from '../../engine/histogram.ts'
import { dueMessages, type Metrics, type Result } from '../../engine/result.ts'
import { type AnyResult, isPressure } from '../../pressure/result.ts'
import { dataSentence, sessionTroubles } from '../facts.ts'
import {
  count,
  decimal,
  listed,
  MISSING,
  percent,
  perSecond,
  seconds,
  shortMilliseconds,
  size,
} from '../format.ts'
import { runName, verdictReason } from '../verdict.ts'
import type { Chart } from './charts/chart.ts'
import { distributionChart } from './charts/latency.ts'
import { isShort, timeNote, withBars } from './charts/thin.ts'
import { resourceCharts, timelineCharts } from './charts/timeline.ts'
import { driftCharts, driftSection } from './drift.ts'
import { circumstances, commonFacts, type Fact, factList, header, remarks } from './facts.ts'
import { type Card, cards, chartPlace, html, section } from './markup.ts'
import { type Assets, page } from './page.ts'
import { renderPressureReport } from './pressure-report.ts'
import {
  balanceSentence,
  customMetricsTable,
  errorsTable,
  generatorsSection,
  phases,
  serversTable,
  thresholdsTable,
} from './result-tables.ts'
import { searchCharts, searchSection } from './search.ts'
import { sideBySideCharts, sideBySideSection } from './side-by-side.ts'

/** One run as one HTML file. */
export function renderReport(result: AnyResult, assets: Assets): string {
  return isPressure(result) ? renderPressureReport(result, assets) : renderResultReport(result, assets)
}

/** To the sections that this result has. */
function linksOf({ search, side_by_side, drift }: Result): (readonly [string, string])[] {
  return [
    ...(search === undefined ? [] : [['Search', '#search'] as const]),
    ...(side_by_side === undefined ? [] : [['Side by side', '#side-by-side'] as const]),
    ['Over time', '#over-time'],
    ...(drift === undefined || drift.length === 0 ? [] : [['Drift', '#drift'] as const]),
    ['Latency', '#latency'],
    ['Servers', '#servers'],
    ['Errors', '#errors'],
    ['All runs', 'index.html'],
  ]
}

/** A run of the SMTP stress tests. */
function renderResultReport(result: Result, assets: Assets): string {
  const time = 'Response time counts from when a message was due, service time from when it was sent.'
  const body = html`${header({ result, reason: verdictReason(result), facts: factsOf(result) })}
${cards(resultCards(result))}
${remarks(result)}
${section('Thresholds', thresholdsTable(result.thresholds))}
${searchSection(result.search)}
${sideBySideSection(result.side_by_side)}
${section('Over time', chartPlace('time'), timeNote(result.timeline, result.metrics.duration_seconds))}
${driftSection(result)}
${section('Latency', chartPlace('distribution'), time)}
${section('Phases', phases(result.metrics), 'Where the time of a message went, on average; what happens once in a session is shared among its messages.')}
${section('Servers', serversTable(result), balanceSentence(result))}
${section('Errors', errorsTable(result) ?? html`<p class="calm">No message was deferred, rejected or failed.</p>`)}
${section('Refused recipients', errorsTable({ ...result, failures: result.refused_recipients ?? [] }, 'Refused recipients'), 'Their messages were taken for others and count as accepted.')}
${section('Sessions that ended badly', errorsTable({ ...result, failures: result.session_failures ?? [] }, 'Sessions that ended badly'), 'After their messages had their outcomes: RSET without 250, or QUIT without 221.')}
${generatorsSection(result)}
${section('Custom metrics', customMetricsTable(result))}
${section('Circumstances', factList(circumstances(result)))}`
  return page(
    {
      title: `${runName(result)} – ${result.verdict} – mailstorm`,
      body,
      charts: chartsOf(result),
      links: linksOf(result),
    },
    assets,
  )
}

export function chartsOf(result: Result): Chart[] {
  const { response_time, service_time } = result.histograms
  const distribution = distributionChart([
    { label: 'response time', tone: 'accent', histogram: response_time },
    { label: 'service time', tone: 'line-1', dashed: true, histogram: service_time },
  ])
  const overTime = [...timelineCharts(result), ...resourceCharts(result.resource_usage)]
  return [
    ...searchCharts(result.search),
    ...sideBySideCharts(result.side_by_side),
    ...(isShort(result) ? withBars(overTime) : overTime),
    ...driftCharts(result),
    ...(distribution === undefined ? [] : [distribution]),
  ]
}

const MOST_SERVERS = 5

function factsOf(result: Result): Fact[] {
  const { workload } = result
  const load =
    workload.rate_per_second === null
      ? `${result.test_type}, ${workload.workers} workers, ${size(result.message_size)} messages`
      : `${result.test_type}, ${workload.rate_per_second}/s for ${workload.duration_seconds} s, ${size(result.message_size)} messages`
  return [['Target', listed(result.servers, MOST_SERVERS)], ['Load', load], ...commonFacts(result)]
}

export function resultCards(result: Result): Card[][] {
  const { metrics } = result
  return [loadCards(result), latencyCards(metrics.response_time_ms)]
}

function loadCards(result: Result): Card[] {
  const { metrics, target_rate: target } = result
  const [accepted = '', sent] = dataSentence(result).split(', ')
  return [
    { id: 'messages', label: 'Messages', value: count(metrics.total_messages), detail: notAccepted(metrics) },
    {
      id: 'success',
      label: 'Success rate',
      value: dueMessages(metrics) === 0 ? MISSING : percent(metrics.success_rate),
      detail: `${count(metrics.successful_messages)} accepted`,
    },
    {
      id: 'throughput',
      label: 'Throughput',
      value: perSecond(metrics.throughput),
      detail: rateDetail(metrics, target),
    },
    {
      id: 'duration',
      label: 'Duration',
      value: seconds(metrics.duration_seconds),
      detail: `${decimal(metrics.drain_seconds, 2)} s of it drain`,
    },
    {
      id: 'data',
      label: 'Data accepted',
      value: accepted.replace(' accepted', ''),
      detail: `${sent === undefined ? '' : `${sent}; `}${count(metrics.sessions_opened)} sessions${sessionTroubles(metrics)}`,
    },
  ]
}

function latencyCards(latency: Omit<LatencySummary, 'count'>): Card[] {
  return [
    { id: 'p50', label: 'p50 response', value: shortMilliseconds(latency.p50), detail: 'half were faster' },
    {
      id: 'p95',
      label: 'p95 response',
      value: shortMilliseconds(latency.p95),
      detail: `p90 ${shortMilliseconds(latency.p90)}`,
    },
    {
      id: 'p99',
      label: 'p99 response',
      value: shortMilliseconds(latency.p99),
      detail: `p99.9 ${shortMilliseconds(latency.p99_9)}`,
    },
    {
      id: 'max',
      label: 'Slowest',
      value: shortMilliseconds(latency.max),
      detail: `average ${shortMilliseconds(latency.avg)}`,
    },
  ]
}

function notAccepted({ failed_messages: failed, outcomes: { not_reached: notReached } }: Metrics): string {
  if (notReached > 0) return `${count(failed)} not accepted, ${count(notReached)} not reached`
  return failed === 0 ? 'every one accepted' : `${count(failed)} not accepted`
}

function rateDetail({ rate, rate_error }: Metrics, target: number | null): string {
  if (target === null) return 'as fast as replies allow'
  return `target ${perSecond(target)}, started ${perSecond(rate)} (${percent(rate_error)} off)`
}
