import { describe, expect, it } from 'vitest'
import { type Found, MOST_PROBES, type Probe, type SearchPlan, searchState } from './breakpoint.ts'

const PLAN: SearchPlan = { startRate: 50, maxRate: 10_000, resolution: 0.02 }

/** Runs a search to its end against a target that answers by rate and by how often it was asked. */
function search(outcomeAt: (rate: number, probe: number) => Probe['outcome'], plan = PLAN) {
  const probes: Probe[] = []
  for (;;) {
    const state = searchState(plan, probes)
    if ('found' in state) return { found: state.found, tried: probes.map(({ rate }) => rate) }
    expect(probes.length).toBeLessThan(MOST_PROBES)
    probes.push({ rate: state.tryRate, outcome: outcomeAt(state.tryRate, probes.length) })
  }
}

const limit = (atMost: number) => (rate: number) => (rate <= atMost ? 'held' : 'broke')

describe('searchState', () => {
  it('doubles until a rate breaks twice, halves the distance, and confirms the answer', () => {
    const { found, tried } = search(limit(300))
    expect(tried).toEqual([
      50, 100, 200, 400, 400, 300, 350, 350, 325, 325, 312.5, 312.5, 306.3, 306.3, 303.1, 303.1, 300,
    ])
    expect(found).toEqual({
      rate: 300,
      brokeAt: 303.1,
      confidence: 'high',
      why: 'the limit is between 300 and 303.1/s; 17 of 17 probes agree',
    } satisfies Found)
  })

  it.each([7, 51, 299, 1_234, 4_999])('finds a limit of %d/s within its resolution', (atMost) => {
    const { found } = search(limit(atMost))
    expect(found.rate).toBeLessThanOrEqual(atMost)
    expect(found.rate).toBeGreaterThanOrEqual(atMost / 1.021)
    expect(found.confidence).toBe('high')
  })

  it('believes a rate that broke once and then held twice', () => {
    const { found, tried } = search((rate, probe) => (probe === 2 ? 'broke' : limit(300)(rate)))
    expect(tried.slice(0, 6)).toEqual([50, 100, 200, 200, 200, 400])
    expect(found.rate).toBe(300)
    expect(found.confidence).toBe('low')
    expect(found.why).toMatch(/; 18 of 19 probes agree$/)
  })

  it('gives no answer that breaks when it is confirmed: it looks below', () => {
    let asked = 0
    const { found } = search((rate) => (rate === 300 && asked++ > 0 ? 'broke' : limit(300)(rate)))
    expect(found.brokeAt).toBe(300)
    expect(found.rate).toBeLessThan(300)
    expect(found.rate).toBeGreaterThan(290)
  })

  it('looks below the first rate, and gives up where nothing holds', () => {
    expect(search(limit(20)).found.rate).toBeGreaterThan(19.5)
    const { found } = search(() => 'broke')
    expect(found).toMatchObject({ rate: undefined, confidence: 'low' })
    expect(found.why).toContain('no rate held')
  })

  it('stops at the highest rate allowed, and says that it is no limit of the target', () => {
    const { found, tried } = search(() => 'held', { ...PLAN, maxRate: 300 })
    expect(tried).toEqual([50, 100, 200, 300, 300])
    expect(found).toMatchObject({ rate: 300, brokeAt: undefined, confidence: 'low' })
    expect(found.why).toContain('no rate broke up to the highest allowed, 300/s')
  })

  it('does not blame the target for what the generator could not send', () => {
    const { found, tried } = search((rate) => (rate <= 300 ? 'held' : 'inconclusive'))
    expect(tried).toEqual([50, 100, 200, 400, 400, 400])
    expect(found).toMatchObject({ rate: 200, brokeAt: undefined, confidence: 'low' })
    expect(found.why).toContain('the load generator itself may have been the limit')
  })

  it('ends with a target that never answers twice alike', () => {
    const { found } = search((_, probe) => (probe % 2 === 0 ? 'held' : 'broke'), {
      ...PLAN,
      resolution: 1e-9,
    })
    expect(found.confidence).toBe('low')
  })

  it('ends after its most probes, with what it knows by then', () => {
    const probes: Probe[] = []
    // Each rate breaks once and holds twice, and the steps are too fine for any end.
    const plan = { startRate: 100, maxRate: 1e9, resolution: 1e-9 }
    for (let n = 0; n < MOST_PROBES; n++) {
      const state = searchState(plan, probes)
      if ('found' in state) throw new Error(`it ended after ${n} probes`)
      const asked = probes.filter(({ rate }) => rate === state.tryRate).length
      probes.push({ rate: state.tryRate, outcome: asked === 0 ? 'broke' : 'held' })
    }
    expect(searchState(plan, probes)).toEqual({
      found: {
        // 13 rates doubled from 100 on were asked three times each.
        rate: 409_600,
        brokeAt: undefined,
        confidence: 'low',
        why: `no end after ${MOST_PROBES} probes; 26 of ${MOST_PROBES} probes agree`,
      },
    })
  })
})

const probed = (rate: number, ...outcomes: Probe['outcome'][]) =>
  outcomes.map((outcome) => ({ rate, outcome }))

describe('what the probes so far say', () => {
  it.each([
    ['nothing was tried: the first rate', [], { tryRate: 50 }],
    ['one that broke once is tried again', [...probed(50, 'broke')], { tryRate: 50 }],
    ['one that was inconclusive once is tried again', [...probed(50, 'inconclusive')], { tryRate: 50 }],
    ['and once more', [...probed(50, 'inconclusive', 'inconclusive')], { tryRate: 50 }],
    ['one that broke and held is tried a third time', [...probed(50, 'broke', 'held')], { tryRate: 50 }],
    ['one that held twice after it broke holds', [...probed(50, 'broke', 'held', 'held')], { tryRate: 100 }],
    ['one that broke twice after it held breaks', [...probed(50, 'held', 'broke', 'broke')], { tryRate: 25 }],
    [
      'one that broke and was inconclusive is tried again',
      [...probed(50, 'broke', 'inconclusive')],
      { tryRate: 50 },
    ],
    [
      'a rate above one that breaks does not count as holding',
      [...probed(50, 'held', 'held'), ...probed(100, 'broke', 'broke'), ...probed(200, 'held')],
      { tryRate: 75 },
    ],
    // 64 times below the first rate it gives up.
    ['far below the first rate', [...probed(1.6, 'broke', 'broke')], { tryRate: 0.8 }],
    [
      'no rate has more than four digits',
      [...probed(100, 'held'), ...probed(100.1, 'broke', 'broke')],
      { tryRate: 100 },
    ],
  ] as [string, Probe[], object][])('%s', (_, probes, state) => {
    expect(searchState({ ...PLAN, resolution: 0.000_1 }, probes)).toEqual(state)
  })

  const holding = (rate: number, brokeAt: number) => [
    ...probed(rate, 'held', 'held'),
    ...probed(brokeAt, 'broke', 'broke'),
  ]

  it.each([
    ['where the resolution is reached exactly', { ...PLAN, resolution: 0.02 }, holding(100, 102), 100],
    [
      'where no rate of four digits is left between, rounded down',
      { ...PLAN, resolution: 1e-9 },
      holding(100, 100.1),
      100,
    ],
    ['and rounded up', { ...PLAN, resolution: 1e-9 }, holding(100.1, 100.2), 100.1],
    ['at a 64th of the first rate', { ...PLAN, startRate: 64 }, probed(1, 'broke', 'broke'), undefined],
  ])('it has its answer %s', (_, plan, probes, rate) => {
    expect(searchState(plan, probes)).toMatchObject({ found: { rate } })
  })

  it('a rate between that was never settled agrees with nothing', () => {
    const probes = [
      ...holding(200, 400),
      ...probed(300, 'broke', 'inconclusive', 'inconclusive', 'inconclusive'),
    ]
    expect(searchState(PLAN, probes)).toMatchObject({
      found: {
        rate: 200,
        brokeAt: 400,
        confidence: 'low',
        why: expect.stringMatching(/; 4 of 8 probes agree$/),
      },
    })
  })

  it('an answer agrees with probes that held up to it and broke from the limit on, and no others', () => {
    const probes = [
      ...probed(50, 'held', 'inconclusive'),
      ...probed(100, 'held', 'held'),
      ...probed(101, 'broke', 'broke', 'held'),
      ...probed(200, 'broke', 'broke'),
    ]
    expect(searchState({ ...PLAN, resolution: 0.02 }, probes)).toEqual({ tryRate: 50 })
    const settled = [...probes, ...probed(50, 'held')]
    expect(searchState({ ...PLAN, resolution: 0.02 }, settled)).toEqual({
      found: {
        rate: 100,
        brokeAt: 101,
        confidence: 'low',
        why: 'the limit is between 100 and 101/s; 8 of 10 probes agree',
      },
    })
    const high = settled.filter(
      ({ rate, outcome }) => outcome !== 'inconclusive' && (rate !== 101 || outcome === 'broke'),
    )
    expect(searchState({ ...PLAN, resolution: 0.02 }, high)).toMatchObject({
      found: {
        rate: 100,
        confidence: 'high',
        why: 'the limit is between 100 and 101/s; 8 of 8 probes agree',
      },
    })
  })
})
