import type { AccountResult, DeliveryResult, DeliveryRow, LedgerResult, Result } from '../../engine/result.ts'
import { type Block, type Fact, left, PAGES, right, type Table, table } from '../block.ts'
import { count, counted, MISSING, perSecond, seconds, shortMilliseconds } from '../format.ts'
import { deliveryCharts } from '../html/charts/delivery.ts'
import { distributionChart } from '../html/charts/latency.ts'
import { isShort, withBars } from '../html/charts/thin.ts'
import { type TimeColumn, timelineTable } from './common.ts'
import { latencyTable } from './latency.ts'
import { nextHopMarkers } from './next-hop.ts'

const TIMELINE: readonly TimeColumn<DeliveryRow>[] = [
  { title: 'acknowledged', of: 'sum', read: (row) => row.acknowledged },
  { title: 'arrived', of: 'sum', read: (row) => row.arrived },
  { title: 'in between', of: 'last', read: (row) => row.in_between },
  { title: 'p50 ms', of: 'worst', read: (row) => row.end_to_end_ms.p50 },
  { title: 'p99 ms', of: 'worst', read: (row) => row.end_to_end_ms.p99 },
]

/** What became of the mail behind the servers; empty for a run that was not verified there. */
export function deliveryBlock(result: Result): Block {
  const { delivery, ledger, histograms } = result
  const { account } = ledger
  const distribution = distributionChart([
    { label: 'end-to-end time', tone: 'accent', histogram: histograms.end_to_end ?? NOTHING },
  ])
  const lines = delivery === undefined ? [] : deliveryCharts(delivery, nextHopMarkers(result))
  const charts = delivery !== undefined && isShort(delivery) ? withBars(lines) : lines
  return {
    title: 'Behind the servers',
    note: 'From when a message was acknowledged to when it arrived where it ends up; messages times recipients.',
    noteIn: PAGES,
    folded: true,
    linked: true,
    parts: [
      ...(delivery === undefined ? [] : endToEndTable(delivery)),
      {
        kind: 'charts',
        place: 'delivery',
        charts:
          delivery === undefined
            ? []
            : [
                ...charts,
                ...(distribution === undefined
                  ? []
                  : [
                      {
                        ...distribution,
                        id: 'end-to-end',
                        place: 'delivery',
                        title: 'End-to-end time by percentile',
                      },
                    ]),
              ],
      },
      ...(account === undefined ? [] : [...bounceTable(account), ...damageTable(account)]),
      ...timelineTable(delivery?.timeline ?? [], TIMELINE),
    ],
  }
}

const NOTHING = { buckets: [], count: 0, min_ms: 0, max_ms: 0, sum_ms: 0 }

function endToEndTable({ end_to_end_ms: whole, per_server: servers }: DeliveryResult): Table[] {
  const each = servers.length < 2 ? [] : servers.map(({ name, end_to_end_ms: ms }) => [name, ms] as const)
  return latencyTable(
    [['end-to-end time', whole], ...each],
    ['avg', 'min', 'p50', 'p90', 'p95', 'p99', 'p99_9', 'max'],
  )
}

const BOUNCE_COLUMNS = [
  right('bounces'),
  left('status'),
  left('said', { long: true }),
  left('first recipient', { in: PAGES }),
]

function bounceTable({ bounces }: AccountResult): Table[] {
  return table(
    BOUNCE_COLUMNS,
    bounces.map(({ count: times, status, text, recipient }) => [
      count(times),
      status ?? MISSING,
      text,
      recipient,
    ]),
  )
}

function damageTable({ first_damage: text }: AccountResult): Table[] {
  const lines = text?.split('\n') ?? []
  return table(
    [left('the first corrupted message', { long: true })],
    lines.map((line) => [line]),
  )
}

/** What the account says, in one line. */
export function accountSentence(ledger: LedgerResult, account: AccountResult): string {
  const perRecipient =
    account.expected === ledger.acknowledged ? '' : ` for ${counted(account.expected, 'recipient')}`
  const parts = [
    `${count(ledger.acknowledged)} acknowledged${perRecipient}`,
    `${count(account.arrived)} arrived`,
    ...(ledger.lost === null ? [] : [`${count(ledger.lost)} lost`]),
    `${count(ledger.duplicated)} duplicated`,
    `${count(ledger.corrupted)} corrupted`,
    `${count(account.bounced)} bounced`,
    `${count(account.misrouted)} misrouted`,
  ]
  if (account.in_transit > 0)
    parts.push(`${count(account.in_transit)} in transit when the wait was interrupted`)
  if (account.reencoded > 0) parts.push(`${count(account.reencoded)} in another transfer encoding`)
  if (account.unjudged > 0) parts.push(`${count(account.unjudged)} whose body could not be judged`)
  if (ledger.unacknowledged) parts.push(`${count(ledger.unacknowledged)} arrived without acknowledgement`)
  if (account.not_verifiable > 0)
    parts.push(
      `cannot verify ${count(account.not_verifiable)}: ${account.cannot_verify ?? 'the store does not keep them'}`,
    )
  return `verified by ${account.store}: ${parts.join(', ')}`
}

/** How long it took, and how much was on its way at most. */
export function deliveryFacts({ delivery }: Result): Fact[] {
  if (delivery === undefined) return []
  const { p50, p99, max } = delivery.end_to_end_ms
  const resolution =
    delivery.time_resolution_ms >= 1 ? `, to ${shortMilliseconds(delivery.time_resolution_ms)}` : ''
  return [
    {
      label: 'End to end',
      value: `p50 ${shortMilliseconds(p50)}, p99 ${shortMilliseconds(p99)}, max ${shortMilliseconds(max)} from acknowledgement to arrival${resolution}`,
    },
    {
      label: 'Delivery',
      value: `${perSecond(delivery.delivered_per_second)}, at most ${count(delivery.most_in_between)} in between, the last ${seconds(delivery.drain_seconds)} after the last acknowledgement`,
    },
  ]
}
