import { expect, test } from 'vitest'
import { kilobytes, megabytes, oneOf, seconds, trueOrFalse, wholeNumber } from './kind.ts'
import { checkSettings, optional, readSettings, required, setting, unknownVariables } from './settings.ts'

const SETTINGS = {
  waitMs: setting('X_WAIT', seconds({ min: 0.5, max: 60 }), '1.5'),
  roomBytes: setting('X_ROOM_MB', megabytes({ min: 1, max: 10 }), '2'),
  count: setting('X_COUNT', wholeNumber({ min: 1, max: 9 }), '3'),
  secret: optional('X_SECRET', oneOf(['a', 'b'], 'a'), true),
  name: required('X_NAME', oneOf(['c', 'd'], 'c')),
}

test('reads variables in their own unit, and gives what is unset its default', () => {
  const { values, problems } = readSettings(SETTINGS, { X_NAME: 'C', X_WAIT: '0.57', X_COUNT: '' })
  expect(problems).toEqual([])
  expect(values).toEqual({ waitMs: 570, roomBytes: 2 * 1024 ** 2, count: 3, secret: undefined, name: 'c' })
})

test('tells all problems at once: what was given, what is allowed, what to do; no secret', () => {
  const env = { X_WAIT: '61', X_ROOM_MB: 'all', X_COUNT: '1.5', X_SECRET: 'hunter2' }
  expect(readSettings(SETTINGS, env)).toEqual({
    values: undefined,
    problems: [
      'X_WAIT="61" is too large. Allowed: a number from 0.5 to 60 seconds. Set X_WAIT=1.5, or unset it (default: 1.5).',
      'X_ROOM_MB="all" is not a number. Allowed: a number from 1 to 10 MB. Set X_ROOM_MB=2, or unset it (default: 2).',
      'X_COUNT="1.5" is not a whole number. Allowed: a whole number from 1 to 9. Set X_COUNT=3, or unset it (default: 3).',
      'X_SECRET=(not shown) is not known. Allowed: a, b. Set X_SECRET=a, or unset it (default: none).',
      'X_NAME is not set. Allowed: c, d.',
    ],
  })
})

test('checks options by their keys, in the unit of the value', () => {
  expect(checkSettings(SETTINGS, { name: 'd', waitMs: 500 }).values).toMatchObject({ name: 'd', waitMs: 500 })
  const wrong = { name: 'e', waitMs: 499, count: '3', colour: 'red', secret: 'hunter2' }
  expect(checkSettings(SETTINGS, wrong).problems).toEqual([
    'waitMs=499 is too small. Allowed: a number from 0.5 to 60 seconds.',
    'count="3" is not a whole number. Allowed: a whole number from 1 to 9.',
    'secret=(not shown) is not known. Allowed: a, b.',
    'name="e" is not known. Allowed: c, d.',
    'colour is not known; allowed are waitMs, roomBytes, count, secret, name',
  ])
})

test('knows variables that look like its own', () => {
  const env = { X_WAIT: '1', X_WIAT: '1', X_EMPTY: '', PATH: '/bin' }
  expect(unknownVariables(SETTINGS, env, /^X_/)).toEqual([
    'X_WIAT is not known; allowed are X_WAIT, X_ROOM_MB, X_COUNT, X_SECRET, X_NAME',
  ])
})

test.each([
  [seconds({ min: 0, max: 1 }), '0.29', 290],
  [kilobytes({ min: 0, max: 100 }), '0.5', 512],
  [megabytes({ min: 0, max: 100 }), '1.5', 1_572_864],
])('%# scales %s', (kind, text, value) => {
  expect(kind.schema.parse(text)).toBe(value)
  expect(kind.value.parse(value)).toBe(value)
})

test.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('takes %s for true, as Go does', (text) => {
  expect(trueOrFalse.schema.parse(text)).toBe(true)
})
