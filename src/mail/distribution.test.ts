import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawAt } from '../random.ts'
import { boundsOf, type Distribution, drawnFrom, meanOf, readDistribution } from './distribution.ts'

const UNIT = {
  what: 'a size',
  least: 10,
  most: 1_000_000,
  read: (text: string) =>
    /^\d+K?$/.test(text) ? Number.parseInt(text, 10) * (text.endsWith('K') ? 1000 : 1) : undefined,
}

function read(text: string): Distribution | string | undefined {
  const reading = readDistribution(text, UNIT)
  return reading === undefined ? undefined : 'value' in reading ? reading.value : reading.wrong
}

describe('readDistribution', () => {
  it.each<[string, Distribution | string | undefined]>([
    ['10..2K', { kind: 'uniform', least: 10, most: 2000 }],
    [' 10 .. 10 ', { kind: 'uniform', least: 10, most: 10 }],
    ['lognormal(1K, 1.5)', { kind: 'lognormal', median: 1000, sigma: 1.5, least: 10 }],
    ['10:40,2K:60', { kind: 'weights', values: [10, 2000], weights: [40, 60] }],
    ['10:0,20:0.5', { kind: 'weights', values: [20], weights: [0.5] }],
    ['10', undefined],
    ['tiny', undefined],
    ['10..', 'has "", which is not a size'],
    ['9..20', 'has "9", which is too small'],
    ['10..2000K', 'has "2000K", which is too large'],
    ['20..10', 'ends before it begins'],
    ['10..20..30', 'has more than one ".."'],
    ['lognormal(1K,0)', 'has the sigma "0", which is not a number above 0 up to 3'],
    ['lognormal(1K,3.5)', 'has the sigma "3.5", which is not a number above 0 up to 3'],
    ['lognormal(500K,1)', 'reaches beyond 1,000,000 at 4 sigmas'],
    ['lognormal(x,1)', 'has "x", which is not a size'],
    ['10:a', 'has "10:a", which is not a size and a weight, as 10:5'],
    ['10:1,10:2', 'has 10 twice'],
    ['10:0', 'has no weight above 0'],
  ])('of %j is %j', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })
})

describe('what is drawn', () => {
  const distributions = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }))
      .map(([least, span]): Distribution => ({ kind: 'uniform', least, most: least + span })),
    fc
      .tuple(fc.integer({ min: 100, max: 1e5 }), fc.double({ min: 0.1, max: 2, noNaN: true }))
      .map(([median, sigma]): Distribution => ({ kind: 'lognormal', median, sigma, least: 10 })),
    fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 6 }).map(
      (values): Distribution => ({
        kind: 'weights',
        values,
        weights: values.map((_, index) => index + 1),
      }),
    ),
  )

  it('lies within the bounds, and in the mean where the distribution has its own', () => {
    fc.assert(
      fc.property(distributions, fc.integer(), (distribution, seed) => {
        const { least, most } = boundsOf(distribution)
        const count = 4_000
        let sum = 0
        let squares = 0
        for (let message = 0; message < count; message++) {
          const drawn = drawnFrom(distribution, drawAt(seed, 0, message), drawAt(seed, 1, message))
          expect(Number.isInteger(drawn) && drawn >= least && drawn <= most).toBe(true)
          sum += drawn
          squares += drawn * drawn
        }
        const mean = sum / count
        const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean) / count)
        // Seven deviations of the mean: never by chance, whatever the seed; long tails need the room.
        expect(Math.abs(mean - meanOf(distribution))).toBeLessThanOrEqual(7 * deviation + 0.5)
      }),
      { numRuns: 60 },
    )
  })

  it('has the mean of a lognormal distribution, but for what is cut', () => {
    // exp(sigma²/2) times the median.
    expect(meanOf({ kind: 'lognormal', median: 12_288, sigma: 1, least: 10 }) / 12_288).toBeCloseTo(1.648, 2)
    expect(boundsOf({ kind: 'lognormal', median: 12_288, sigma: 1.5, least: 512 })).toEqual({
      least: 512,
      most: Math.round(12_288 * Math.exp(6)),
    })
  })

  it('follows the weights', () => {
    const distribution: Distribution = { kind: 'weights', values: [1, 10, 100], weights: [80, 15, 5] }
    const drawn = Array.from({ length: 20_000 }, (_, message) =>
      drawnFrom(distribution, drawAt(7, 2, message), 0),
    )
    const share = (value: number) => drawn.filter((one) => one === value).length / drawn.length
    expect(share(1)).toBeCloseTo(0.8, 1)
    expect(share(10)).toBeCloseTo(0.15, 1)
    expect(share(100)).toBeCloseTo(0.05, 1)
  })
})
