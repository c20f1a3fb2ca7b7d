/** Where to look for the highest rate that holds. */
export interface SearchPlan {
  /** First rate to try, in messages per second, from 0.01 to 100,000. */
  readonly startRate: number
  /** Highest rate to try, in messages per second, at least `startRate`. */
  readonly maxRate: number
  /**
   * The search ends when the rate that holds and the one that breaks are this close, as a share from 0.001 to
   * 0.5: 0.05 for 5 %.
   */
  readonly resolution: number
}

/** How one rate went once. `inconclusive`: it broke, and the generator may be to blame. */
export interface Probe {
  readonly rate: number
  readonly outcome: 'held' | 'broke' | 'inconclusive'
}

/** What the probes so far say. */
export type SearchState = { readonly tryRate: number } | { readonly found: Found }

export interface Found {
  /** Highest rate that holds, none below it breaking; undefined when none does. */
  readonly rate: number | undefined
  /** Lowest rate that breaks; undefined when none does. */
  readonly brokeAt: number | undefined
  readonly confidence: 'high' | 'low'
  readonly why: string
}

/** Once is chance. */
const TIMES_TO_BELIEVE = 2
/** A moment at which the machine was busy passes. */
const TIMES_TO_BLAME_OURSELVES = 3
/** Thrashing targets are not followed for ever. */
export const MOST_PROBES = 40
/** How far below the first rate it looks before it gives up. */
const LEAST_SHARE = 1 / 64

/**
 * Doubles the rate until it breaks, then halves the distance between the highest rate that holds and
 * the lowest that breaks. A rate that broke once is tried again, and a third time when the two do not
 * agree; so is the answer before it is given. Pure: all it knows are the probes so far.
 */
export function searchState(plan: SearchPlan, probes: readonly Probe[]): SearchState {
  const rates = talliesOf(probes)
  const doubtful = rates.find((tally) => verdictOf(tally) === 'again')
  const brokeAt = rates.find((tally) => verdictOf(tally) === 'breaks')?.rate
  const below = rates.filter(({ rate }) => rate < (brokeAt ?? Number.POSITIVE_INFINITY))
  const holds = below.findLast((tally) => verdictOf(tally) === 'holds')
  const answer = (ending: string) => ({ found: found({ holds, brokeAt, probes, ending }) })
  if (rates.some(({ inconclusive }) => inconclusive >= TIMES_TO_BLAME_OURSELVES)) {
    return answer('at the next rate the load generator itself may have been the limit')
  }
  if (probes.length >= MOST_PROBES) return answer(`no end after ${MOST_PROBES} probes`)
  if (doubtful !== undefined) return { tryRate: doubtful.rate }
  const next = nextRate(plan, holds?.rate, brokeAt)
  if (next !== undefined) return { tryRate: next }
  if (holds !== undefined && holds.held < TIMES_TO_BELIEVE) return { tryRate: holds.rate }
  return answer(endingOf(plan, holds?.rate, brokeAt))
}

interface Tally {
  readonly rate: number
  held: number
  broke: number
  inconclusive: number
}

/** By rate, ascending. */
function talliesOf(probes: readonly Probe[]): Tally[] {
  const byRate = new Map<number, Tally>()
  for (const { rate, outcome } of probes) {
    const tally = byRate.get(rate) ?? { rate, held: 0, broke: 0, inconclusive: 0 }
    byRate.set(rate, tally)
    tally[outcome]++
  }
  return [...byRate.values()].toSorted((a, b) => a.rate - b.rate)
}

function verdictOf({ held, broke, inconclusive }: Tally): 'holds' | 'breaks' | 'again' {
  if (broke >= TIMES_TO_BELIEVE) return 'breaks'
  if (held >= TIMES_TO_BELIEVE) return 'holds'
  return broke + inconclusive === 0 ? 'holds' : 'again'
}

/** Undefined when nothing between is left to be tried. */
function nextRate(plan: SearchPlan, holds: number | undefined, brokeAt: number | undefined) {
  if (holds === undefined) {
    if (brokeAt === undefined) return readable(plan.startRate)
    return brokeAt > plan.startRate * LEAST_SHARE ? readable(brokeAt / 2) : undefined
  }
  if (brokeAt === undefined) return holds < plan.maxRate ? Math.min(plan.maxRate, 2 * holds) : undefined
  if ((brokeAt - holds) / holds <= plan.resolution) return undefined
  const middle = readable((holds + brokeAt) / 2)
  return middle > holds && middle < brokeAt ? middle : undefined
}

/** Four digits are more than any rate can be known to. */
function readable(rate: number): number {
  return Number(rate.toPrecision(4))
}

function endingOf(plan: SearchPlan, holds: number | undefined, brokeAt: number | undefined): string {
  if (holds === undefined) return 'no rate held, not even the lowest'
  if (brokeAt === undefined) return `no rate broke up to the highest allowed, ${plan.maxRate}/s`
  return `the limit is between ${holds} and ${brokeAt}/s`
}

function found(facts: {
  holds: Tally | undefined
  brokeAt: number | undefined
  probes: readonly Probe[]
  ending: string
}): Found {
  const { holds, brokeAt, probes, ending } = facts
  const upTo = holds?.rate ?? Number.NEGATIVE_INFINITY
  const agreeing = probes.filter(({ rate, outcome }) => {
    if (rate <= upTo) return outcome === 'held'
    return brokeAt !== undefined && rate >= brokeAt && outcome === 'broke'
  }).length
  const confirmed = holds !== undefined && holds.held >= TIMES_TO_BELIEVE && brokeAt !== undefined
  return {
    rate: holds?.rate,
    brokeAt,
    confidence: confirmed && agreeing === probes.length ? 'high' : 'low',
    why: `${ending}; ${agreeing} of ${probes.length} probes agree`,
  }
}
