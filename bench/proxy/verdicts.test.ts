import { expect, test } from 'vitest'
import { backlogVerdict, ratioVerdict } from './verdicts.ts'

const spread = (median: number) => ({ median, min: median, max: median })

test('takes a change of a fifth, and no more', () => {
  expect(backlogVerdict([spread(1_000), spread(800), spread(900)])).toMatchObject({ value: '20 %', ok: true })
  expect(backlogVerdict([spread(1_000), spread(790)])).toMatchObject({ value: '21 %', ok: false })
})

test('wants ten times the rate of the real one', () => {
  expect(ratioVerdict(spread(750), spread(75))).toMatchObject({ value: '10.0', ok: true })
  expect(ratioVerdict(spread(740), spread(75))).toMatchObject({ ok: false })
})
