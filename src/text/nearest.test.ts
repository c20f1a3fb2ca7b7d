import { describe, expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const names = [
  'burst',
  'success_rate',
  'error_rate',
  'rate',
  'accepted',
  'retryDelaySeconds',
  'a_figure',
  'a_figment',
]

describe('nearest', () => {
  it.each([
    ['sucess_rate', 'success_rate', 'a letter left out'],
    ['successs_rate', 'success_rate', 'a letter too many'],
    ['SUCCESS_RATE', 'success_rate', 'another case'],
    ['acceptde', 'accepted', 'two letters swapped'],
    ['brust', 'burst', 'two letters swapped in a word of five'],
    ['rte', 'rate', 'a short word with one letter missing'],
    ['retryDelay', 'retryDelaySeconds', 'a beginning that only it has'],
  ])('takes %s for %s: %s', (given, meant) => {
    expect(nearest(given, names)).toBe(meant)
  })

  it.each(['bananas', 'xyz', '', 'a_fig'])('suggests nothing for "%s", which is near to no name', (given) => {
    expect(nearest(given, names)).toBeUndefined()
  })

  it('suggests nothing when there is nothing to choose from', () => {
    expect(nearest('rate', [])).toBeUndefined()
  })
})
