import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPacer } from './executors/pacer.ts'
import { reachOf } from './measurement.ts'

const open = createPacer({ executor: 'constant-arrival-rate', ratePerSecond: 50, durationSeconds: 4 })
const closed = createPacer({ executor: 'shared-iterations', messages: 200 })
const whole = { planned: 200, claimed: 200, heldBack: 0, ended: 200 }

test('a run that came to its end has reached all; what was due and never begun was dropped', () => {
  expect(reachOf({ pacer: open, ...whole })).toEqual({ dropped: 0, notReached: 0, untold: 0 })
  // At the end of the drain a thread still holds the next one that no session was free for.
  expect(reachOf({ pacer: open, ...whole, claimed: 151, heldBack: 1, ended: 150 })).toEqual({
    dropped: 50,
    notReached: 0,
    untold: 0,
  })
})

test('an interrupted load at a rate: what was not due yet is not reached, and not dropped', () => {
  const facts = { pacer: open, planned: 200, claimed: 51, heldBack: 1, stoppedAtMs: 999 }
  expect(reachOf({ ...facts, ended: 50 })).toEqual({ dropped: 0, notReached: 150, untold: 0 })
  // Twenty of them had waited for a session.
  expect(reachOf({ ...facts, claimed: 31, ended: 30 })).toEqual({ dropped: 20, notReached: 150, untold: 0 })
})

test('what threads began before the order to stop had reached them was due', () => {
  const facts = { pacer: open, planned: 200, claimed: 53, heldBack: 1, ended: 52, stoppedAtMs: 999 }
  expect(reachOf(facts)).toEqual({ dropped: 0, notReached: 148, untold: 0 })
})

test('an interrupted closed model: what no worker had begun is not reached', () => {
  const facts = { pacer: closed, planned: 200, claimed: 80, heldBack: 0, ended: 80, stoppedAtMs: 300 }
  expect(reachOf(facts)).toEqual({ dropped: 0, notReached: 120, untold: 0 })
})

test('what was begun on a thread that never told how it went is neither dropped nor forgotten', () => {
  expect(reachOf({ pacer: closed, ...whole, claimed: 200, ended: 180 })).toMatchObject({ untold: 20 })
  expect(reachOf({ pacer: open, ...whole, ended: 180 })).toEqual({ dropped: 0, notReached: 0, untold: 20 })
})

test('accounts for every message, whatever happened', () => {
  const facts = fc.record({
    pacer: fc.constantFrom(open, closed),
    claimed: fc.nat({ max: 200 }),
    heldBack: fc.nat({ max: 3 }),
    ended: fc.nat({ max: 200 }),
    stoppedAtMs: fc.option(fc.nat({ max: 6_000 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(facts, ({ ended, ...rest }) => {
      const known = Math.min(ended, rest.claimed)
      const { dropped, notReached, untold } = reachOf({ planned: 200, ended: known, ...rest })
      expect(Math.min(dropped, notReached, untold)).toBeGreaterThanOrEqual(0)
      expect(known + dropped + notReached + untold).toBe(200)
    }),
  )
})
