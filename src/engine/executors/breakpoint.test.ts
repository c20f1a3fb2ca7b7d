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
})
