import { describe, expect, it } from 'vitest'
import { ORDERS, RunControl } from './run-control.ts'

describe('RunControl', () => {
  it('gives each message of the plan to one of those that share its memory', () => {
    const first = new RunControl()
    const second = new RunControl(first.memory)
    expect([first, second, second, first, second].map((control) => control.claim(4))).toEqual([
      0,
      1,
      2,
      3,
      undefined,
    ])
  })

  it('knows how many were claimed, of a plan with an end and of one without', () => {
    const control = new RunControl()
    for (let n = 0; n < 5; n++) control.claim(3)
    expect([control.claimed(3), control.claimed(Number.POSITIVE_INFINITY)]).toEqual([3, 5])
  })

  it('says go until another order is given, to all that share its memory', () => {
    const control = new RunControl()
    expect(control.order).toBe('go')
    control.give('stop')
    expect(new RunControl(control.memory).order).toBe('stop')
  })

  it.each(ORDERS)('lets no later order take back abort: %s', (later) => {
    const control = new RunControl()
    control.give('abort')
    control.give(later)
    expect(control.order).toBe('abort')
  })
})
