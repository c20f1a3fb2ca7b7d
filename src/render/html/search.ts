import type { SearchResult } from '../../engine/result.ts'
import { count, percent, perSecond, shortMilliseconds } from '../format.ts'
import { left, right } from '../table.ts'
import { cards } from './cards.ts'
import { type Html, html } from './markup.ts'
import { OUTCOMES, outcomeOf, SEARCH_PLACE } from './search-charts.ts'
import { chartPlace, section, table } from './table.ts'

/** The limit that was searched for, how sure it is, and each rate that was tried. */
export function searchSection(search: SearchResult | undefined): Html {
  if (search === undefined) return html``
  const holds = `What must hold for ${search.seconds} s at a rate: ${search.holds.join(' and ')}.`
  const body = html`${searchCards(search)}<p class="note below">${sentence(search.why)}</p>${search.steps.length > 0 && html`${chartPlace(SEARCH_PLACE)}<div class="below">${stepsTable(search)}</div>`}`
  return section('Search', body, holds)
}

function sentence(why: string): string {
  return `${why.charAt(0).toUpperCase()}${why.slice(1).replace(/\.$/, '')}.`
}

function searchCards({ rate_per_second, broke_at_per_second, confidence, steps }: SearchResult): Html {
  const held = steps.filter((step) => step.held).length
  return cards([
    [
      {
        id: 'search-rate',
        label: 'Highest rate that holds',
        value: rate_per_second === null ? 'none' : perSecond(rate_per_second),
        detail: rate_per_second === null ? 'not even the lowest that was tried' : 'messages offered',
      },
      {
        id: 'search-broke',
        label: 'Broke at',
        value: broke_at_per_second === null ? 'none' : perSecond(broke_at_per_second),
        detail: broke_at_per_second === null ? 'no rate, for certain' : 'the lowest that broke',
      },
      { id: 'search-confidence', label: 'Confidence', value: confidence, detail: 'of the search' },
      {
        id: 'search-tries',
        label: 'Tries',
        value: count(steps.length),
        detail: `${count(held)} held`,
      },
    ],
  ])
}

function stepsTable(search: SearchResult): Html {
  const figures = ['Rate', 'Throughput', 'p99', 'Success'].map(right)
  return table({
    caption: 'Rates tried, in their order',
    columns: [right('Try'), left('Outcome'), ...figures, left('Missed')],
    rows: search.steps.map((step, index) => {
      const { label, tone } = OUTCOMES[outcomeOf(step, search)]
      return [
        count(index + 1),
        html`<span class="${tone}-text">${label}</span>${step.generator_bound && html` <span class="dim">generator-bound</span>`}`,
        perSecond(step.rate_per_second),
        perSecond(step.throughput),
        shortMilliseconds(step.p99_ms),
        percent(step.success_rate),
        step.missed.length === 0 ? '' : html`<code>${step.missed.join(', ')}</code>`,
      ]
    }),
  })
}
