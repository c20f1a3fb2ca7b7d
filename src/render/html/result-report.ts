import type { Result } from '../../engine/result.ts'
import { listed, size } from '../format.ts'
import { runName, verdictReason } from '../verdict.ts'
import type { Assets } from './assets.ts'
import { cards } from './cards.ts'
import type { Chart } from './chart.ts'
import { customMetricsTable } from './custom-metrics.ts'
import { distributionChart } from './distribution-chart.ts'
import { driftSection } from './drift.ts'
import { driftCharts } from './drift-charts.ts'
import { circumstances, factList, remarks } from './environment.ts'
import { errorsTable } from './errors.ts'
import { generatorsSection } from './generators.ts'
import { commonFacts, type Fact, header } from './header.ts'
import { html } from './markup.ts'
import { page } from './page.ts'
import { phases } from './phases.ts'
import { resourceCharts } from './resource-charts.ts'
import { resultCards } from './result-cards.ts'
import { searchSection } from './search.ts'
import { searchCharts } from './search-charts.ts'
import { balanceSentence, serversTable } from './servers.ts'
import { isShort, timeNote, withBars } from './short-run.ts'
import { sideBySideCharts, sideBySideSection } from './side-by-side.ts'
import { chartPlace, section } from './table.ts'
import { thresholdsTable } from './thresholds.ts'
import { timelineCharts } from './timeline-charts.ts'

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
export function renderResultReport(result: Result, assets: Assets): string {
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
