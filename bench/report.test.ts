import { expect, it } from 'vitest'
import { clientTable, ratioTable, sizeName } from './report.ts'

it('shows median and spread of each client', () => {
  const rate = { median: 40_123.4, min: 39_000, max: 41_000 }
  const cpu = { median: 0.0217, min: 0.02, max: 0.03 }
  expect(clientTable([{ client: 'commands', runs: [], rate, cpu }])).toMatchInlineSnapshot(`
    "| client   | messages/s |       min–max | CPU s per 1,000 |       min–max |
    |----------|-----------:|--------------:|----------------:|--------------:|
    | commands |     40,123 | 39,000–41,000 |          0.0217 | 0.0200–0.0300 |"
  `)
})

it('shows each ratio with its target and whether it is met', () => {
  expect(
    ratioTable([
      {
        name: 'a / b, messages/s',
        ratio: { median: 1.456, min: 1.2, max: 1.6 },
        target: '≥ 1.4',
        verdict: 'ok',
      },
      {
        name: 'a / c, messages/s',
        ratio: { median: 2, min: 2, max: 2 },
        target: undefined,
        verdict: 'no target',
      },
    ]),
  ).toMatchInlineSnapshot(`
    "| ratio             | median |   min–max | target |           |
    |-------------------|-------:|----------:|-------:|----------:|
    | a / b, messages/s |   1.46 | 1.20–1.60 |  ≥ 1.4 |        ok |
    | a / c, messages/s |   2.00 | 2.00–2.00 |      – | no target |"
  `)
})

it.each([
  [1_024, '1 KB'],
  [102_400, '100 KB'],
  [1_500, '1500 bytes'],
])('calls %i bytes %s', (bytes, name) => {
  expect(sizeName(bytes)).toBe(name)
})
