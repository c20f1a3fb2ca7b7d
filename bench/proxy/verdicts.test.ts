import { expect, test } from 'vitest'
import { backlogVerdict, beforeVerdicts, ratioVerdict } from './verdicts.ts'

const spread = (median: number) => ({ median, min: median, max: median })

test('takes a change of a fifth, and no more', () => {
  expect(backlogVerdict([spread(1_000), spread(800), spread(900)])).toMatchObject({ value: '20 %', ok: true })
  expect(backlogVerdict([spread(1_000), spread(790)])).toMatchObject({ value: '21 %', ok: false })
})

test('wants ten times the rate of the real one', () => {
  expect(ratioVerdict(spread(750), spread(75))).toMatchObject({ value: '10.0', ok: true })
  expect(ratioVerdict(spread(740), spread(75))).toMatchObject({ ok: false })
})

test('compares with a commit before pair by pair, by the median of the pairs', () => {
  const one = (messagesPerSecond: number, cpuMsPerMessage: number) => ({ messagesPerSecond, cpuMsPerMessage })
  const before = [one(1_000, 0.3), one(500, 0.4), one(2_000, 0.3)]
  expect(beforeVerdicts([one(1_500, 0.18), one(1_000, 0.2), one(2_000, 0.3)], before)).toMatchObject([
    { value: '1.50 (1.00–2.00)', ok: true },
    { value: '0.60 (0.50–1.00)', ok: true },
  ])
  expect(beforeVerdicts(before, before).map(({ ok }) => ok)).toEqual([false, false])
})
