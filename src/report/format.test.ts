import { expect, test } from 'vitest'
import * as format from './format.ts'

test.for([
  ['a figure that was not measured is a dash, never 0', format.milliseconds(null), '–'],
  ['a figure that is absent is a dash', format.count(undefined), '–'],
  ['NaN is a dash', format.seconds(Number.NaN), '–'],
  ['0 is 0', format.milliseconds(0), '0.00 ms'],
  ['thousands are separated', format.count(1_234_567), '1,234,567'],
  ['one has no plural', format.counted(1, 'message'), '1 message'],
  ['none has a plural', format.counted(0, 'message'), '0 messages'],
  ['ten KB is whole', format.size(10_240), '10 KB'],
  ['a KB is 1,024 bytes', format.size(1000), '1,000 bytes'],
  ['a size that is not whole has two decimals', format.size(51_200_000), '48.83 MB'],
  ['beyond TB stays TB', format.size(2 ** 60), '1,048,576 TB'],
  ['all is 100 %', format.percent(1), '100.00 %'],
  ['nearly all is never 100 %', format.percent(0.999_999), '99.99 %'],
  ['nearly nothing is never 0 %', format.percent(0.000_001), '<0.01 %'],
  ['two of five thousand missing', format.percent(4998 / 5000), '99.96 %'],
  ['short milliseconds below ten', format.shortMilliseconds(0.414), '0.41 ms'],
  ['short milliseconds below a hundred', format.shortMilliseconds(41.26), '41.3 ms'],
  ['short milliseconds in seconds', format.shortMilliseconds(1203.4), '1,203 ms'],
  ['a rate below a hundred', format.perSecond(57.234), '57.23/s'],
  ['a rate in thousands', format.perSecond(1187.65), '1,188/s'],
  ['seconds left', format.span(41.6), '42 s'],
  ['minutes left', format.span(185), '3 min 05 s'],
  ['59.6 s is not 60 s', format.span(59.6), '1 min 00 s'],
  ['hours left', format.span(3720), '1 h 02 min'],
  ['a short list', format.listed(['a', 'b'], 5), 'a, b'],
  ['a long list is cut and counted', format.listed(['a', 'b', 'c'], 2), 'a, b … (3)'],
] as const)('%s', ([, actual, expected]) => {
  expect(actual).toBe(expected)
})
