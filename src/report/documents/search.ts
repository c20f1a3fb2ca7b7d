import type { SearchResult, SearchStep } from '../../engine/result.ts'
import { type Block, type Card, type Cell, left, right, table } from '../block.ts'
import { count, percent, perSecond, shortMilliseconds } from '../format.ts'
import { type Chart, needsLog, type Series } from '../html/charts/chart.ts'

/** The limit that was searched for, how sure it is, and each rate that was tried. */
export function searchBlock(search: SearchResult | undefined): Block {
  if (search === undefined) return { title: 'Search', parts: [] }
  const { rate_per_second: rate, confidence, why, seconds, holds } = search
  const answer = rate === null ? 'No rate held' : `Highest rate that holds: ${perSecond(rate)}`
  const must = `A rate holds if ${holds.join(' and ')} for ${seconds} s.`
  return {
    title: 'Search',
    note: `${answer}, confidence ${confidence}: ${why.replace(/\.$/, '')}. ${must}`,
    linked: true,
    parts: [
      { kind: 'cards', rows: [searchCards(search)], in: ['html'] },
      { kind: 'charts', place: SEARCH_PLACE, charts: searchCharts(search) },
      ...stepsTable(search),
    ],
  }
}

function searchCards({ rate_per_second, broke_at_per_second, confidence, steps }: SearchResult): Card[] {
  const held = steps.filter((step) => step.held).length
  return [
    {
      id: 'search-rate',
      label: 'Highest rate that holds',
      value: rate_per_second === null ? 'none' : perSecond(rate_per_second),
      detail: rate_per_second === null ? 'not even the lowest rate tried' : 'messages offered',
    },
    {
      id: 'search-broke',
      label: 'Broke at',
      value: broke_at_per_second === null ? 'none' : perSecond(broke_at_per_second),
      detail: broke_at_per_second === null ? 'no rate failed conclusively' : 'the lowest rate that failed',
    },
    { id: 'search-confidence', label: 'Confidence', value: confidence, detail: 'of the search' },
    { id: 'search-tries', label: 'Rates tried', value: count(steps.length), detail: `${count(held)} held` },
  ]
}

const COLUMNS = [
  right('rate'),
  left('outcome'),
  ...['throughput', 'p99', 'success'].map((title) => right(title)),
  left('missed', { long: true }),
]

function stepsTable(search: SearchResult) {
  const rows = search.steps.map((step): Cell[] => {
    const { label, tone } = OUTCOMES[outcomeOf(step, search)]
    return [
      perSecond(step.rate_per_second),
      { text: label, tone },
      perSecond(step.throughput),
      shortMilliseconds(step.p99_ms),
      percent(step.success_rate),
      [...step.missed, ...(step.generator_bound ? ['generator-bound'] : [])].join(', '),
    ]
  })
  return table(COLUMNS, rows, { caption: 'Rates tried, in order' })
}

const SEARCH_PLACE = 'search'

const OUTCOMES = {
  held: { label: 'held', tone: 'good' },
  broke: { label: 'broke', tone: 'bad' },
  unclear: { label: 'inconclusive', tone: 'warn' },
} as const

/** Below the rate that broke, what was missed while the generator was at its own limit says nothing. */
function outcomeOf(
  { held, generator_bound, rate_per_second }: SearchStep,
  { broke_at_per_second: brokeAt }: SearchResult,
): keyof typeof OUTCOMES {
  if (held) return 'held'
  return generator_bound && (brokeAt === null || rate_per_second < brokeAt) ? 'unclear' : 'broke'
}

/** The way of the search, and what became of throughput, p99 and success as the rate rose. */
export function searchCharts(search: SearchResult | undefined): Chart[] {
  if (search === undefined || search.steps.length === 0) return []
  const limitOf = (metric: string, comparison: string) => limitLine(search, metric, comparison)
  const offered = { label: 'offered', values: byRate(search).map((step) => step.rate_per_second) }
  return [
    way(search),
    overRate(search, {
      id: 'throughput',
      title: 'Throughput by rate',
      note: 'Messages accepted per second, against the rate offered',
      unit: 'per_second',
      pick: (step) => step.throughput,
      lines: [{ ...offered, tone: 'muted', dashed: true }],
    }),
    overRate(search, {
      id: 'p99',
      title: 'p99 by rate',
      note: 'Response time',
      unit: 'ms',
      pick: (step) => step.p99_ms,
      lines: limitOf('p(99)', '<=?'),
    }),
    overRate(search, {
      id: 'success',
      title: 'Success by rate',
      note: 'Share of messages accepted',
      unit: 'share',
      pick: (step) => step.success_rate,
      lines: limitOf('success_rate', '>=?'),
    }),
  ]
}

function way(search: SearchResult): Chart {
  const { steps, rate_per_second: found } = search
  const rates = byOutcome(search, { steps, pick: (step) => step.rate_per_second })
  const line: Series[] =
    found === null ? [] : [{ label: 'found', values: steps.map(() => found), tone: 'muted', dashed: true }]
  return {
    id: `${SEARCH_PLACE}-way`,
    place: SEARCH_PLACE,
    title: 'Rates tried',
    note: 'In order',
    axis: 'runs',
    xTitle: 'Try',
    xs: steps.map((_, step) => step),
    labels: steps.map((_, step) => String(step + 1)),
    unit: 'per_second',
    log: needsLog(rates),
    series: [...rates, ...line],
  }
}

interface OverRate extends Pick<Chart, 'id' | 'title' | 'unit'> {
  readonly note: string
  readonly lines: readonly Series[]
  pick(step: SearchStep): number | null
}

function overRate(search: SearchResult, { id, pick, lines, ...words }: OverRate): Chart {
  const steps = byRate(search)
  const series = [...byOutcome(search, { steps, pick }), ...lines]
  return {
    ...words,
    id: `${SEARCH_PLACE}-${id}`,
    place: SEARCH_PLACE,
    axis: 'rate',
    xs: steps.map((step) => step.rate_per_second),
    log: words.unit !== 'share' && needsLog(series),
    series,
  }
}

function byRate({ steps }: SearchResult): SearchStep[] {
  return steps.toSorted((a, b) => a.rate_per_second - b.rate_per_second)
}

interface Column {
  readonly steps: readonly SearchStep[]
  pick(step: SearchStep): number | null
}

/** A series to each outcome that there was. */
function byOutcome(search: SearchResult, { steps, pick }: Column): Series[] {
  const outcomes = steps.map((step) => outcomeOf(step, search))
  return (['held', 'broke', 'unclear'] as const)
    .filter((outcome) => outcomes.includes(outcome))
    .map((outcome) => ({
      ...OUTCOMES[outcome],
      dots: true,
      values: steps.map((step, index) => (outcomes[index] === outcome ? pick(step) : null)),
    }))
}

/** Of `p(99)<500`: a line at 500; none when nothing is asked of this metric. */
function limitLine({ holds, steps }: SearchResult, metric: string, comparison: string): Series[] {
  const asked = holds.find((one) => one.startsWith(metric))?.slice(metric.length)
  const [, limit] = new RegExp(`^\\s*${comparison}\\s*(\\d+(?:\\.\\d+)?)\\s*$`).exec(asked ?? '') ?? []
  if (limit === undefined) return []
  return [{ label: 'limit', values: steps.map(() => Number(limit)), tone: 'muted', dashed: true }]
}
