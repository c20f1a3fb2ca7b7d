import type { PressureResult } from '../../pressure/result.ts'
import { counted, decimal, seconds } from '../format.ts'
import { pressureReason } from '../pressure-sentences.ts'
import { runName } from '../verdict.ts'
import type { Assets } from './assets.ts'
import { cards } from './cards.ts'
import { factList, remarkList } from './environment.ts'
import { commonFacts, type Fact, header } from './header.ts'
import { type Html, html } from './markup.ts'
import { page } from './page.ts'
import { pressureCards } from './pressure-cards.ts'
import { pressureCharts } from './pressure-charts.ts'
import { accountsTable, deliveriesTable, diagnosis, tenantsTable } from './pressure-tables.ts'
import { sideBySideSection } from './side-by-side.ts'
import { chartPlace, section } from './table.ts'
import { thresholdsTable } from './thresholds.ts'

const LINKS = [
  ['Diagnosis', '#diagnosis'],
  ['Over time', '#over-time'],
  ['Latency', '#latency'],
  ['Tenants', '#tenants'],
  ['Deliveries', '#deliveries'],
  ['All runs', 'index.html'],
] as const

/** A run of the mail proxy under pressure. */
export function renderPressureReport(result: PressureResult, assets: Assets): string {
  const { tenants, accounts, verification } = result
  const notVerified = verification.verified
    ? undefined
    : `Not verified: ${verification.why_not ?? 'unknown reason'}.`
  const body = html`${header({ result, reason: pressureReason(result), facts: factsOf(result) })}
${cards(pressureCards(result))}
${remarkList(result.observations)}
${section('Thresholds', thresholdsTable(result.thresholds))}
${section('Diagnosis', diagnosis(result.diagnosis))}
${sideBySideSection(result.side_by_side)}
${section('Over time', html`${eventList(result)}${chartPlace('time')}`, 'All charts share one axis, in seconds since the start.')}
${section('Latency', chartPlace('distribution'), 'End to end is from hand-over to the sink, report lag from the sink to the report at the tenant.')}
${section('Tenants', tenantsTable(tenants), 'Percentiles are in milliseconds: end to end, of the report at the tenant, of its answers to sync calls.')}
${section('Deliveries', deliveriesTable(result), notVerified)}
${section('Accounts', accountsTable(accounts), 'As the proxy counts them.')}
${section('Circumstances', factList(circumstances(result)))}`
  const title = `${runName(result)} – ${result.verdict} – mailstorm`
  return page({ title, body, charts: pressureCharts(result), links: LINKS }, assets)
}

function factsOf(result: PressureResult): Fact[] {
  const { proxy, tenants, accounts } = result
  return [
    ['Proxy', `${proxy.implementation}, ${counted(proxy.instances, 'instance')}, ${proxy.runs}`],
    ['Load', `${counted(tenants.length, 'tenant')}, ${counted(accounts.length, 'account')}`],
    ...commonFacts(result),
  ]
}

function circumstances({ proxy, metrics, format }: PressureResult): Fact[] {
  const settings = Object.entries(proxy.settings).map(([name, value]) => `${name}=${value}`)
  return [
    ['Proxies', proxy.urls.join(', ') || '–'],
    ['Settings', settings.join(', ') || '–'],
    ['Window and drain', `${seconds(metrics.window_seconds)} and ${seconds(metrics.drain_seconds)}`],
    [
      'Do not disturb',
      `${counted(metrics.dnd_periods, 'period')}, ${counted(metrics.dnd_violations, 'violation')}`,
    ],
    ['Format', format],
  ]
}

/** Their numbers stand at the lines in the charts. */
function eventList({ events }: PressureResult): Html | undefined {
  if (events.length === 0) return undefined
  return html`<ul class="events" aria-label="Events">${events.map(
    ({ at_seconds, what }, index) =>
      html`<li><b>${index + 1}</b>${what} <span class="dim">${decimal(at_seconds, 1)} s</span></li>`,
  )}</ul>`
}
