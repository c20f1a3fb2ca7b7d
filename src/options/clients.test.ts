import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const custom = (env: NodeJS.ProcessEnv) => readOptions(env).custom

test.each([
  ['100ms..2s', [0.1, 2]],
  ['0.5', [0.5, 0.5]],
  ['250ms', [0.25, 0.25]],
  ['1 .. 2', [1, 2]],
])('STRESS_THINK_TIME=%s is %j seconds', (text, expected) => {
  expect(custom({ STRESS_THINK_TIME: text }).thinkTimeSeconds).toEqual(expected)
})

test.each([
  ['STRESS_THINK_TIME', 'soon', 'is not a time'],
  ['STRESS_THINK_TIME', '1..2..3', 'is not a time'],
  ['STRESS_THINK_TIME', '0', 'is too small'],
  ['STRESS_THINK_TIME', '2h', 'is not a time'],
  ['STRESS_THINK_TIME', '3601', 'is too large'],
  ['STRESS_THINK_TIME', '2s..1s', 'ends before it begins'],
  ['STRESS_BREAK_OFF', 'quit:5', 'has no phase "quit"'],
  ['STRESS_BREAK_OFF', 'data', 'has no percent for data'],
  ['STRESS_BREAK_OFF', 'data:5,data:6', 'names data twice'],
  ['STRESS_BREAK_OFF', 'data:60,accept:41', 'adds up to 101 %'],
  ['STRESS_BREAK_OFF', 'data:0', 'has no percent above 0'],
  ['STRESS_RETRY_DELAY', '1,soon', 'is not a number of seconds, or a list of them'],
  ['STRESS_RETRY_DELAY', '0', 'is too small'],
  ['STRESS_RETRY_DELAY', '90000', 'is too large'],
  ['STRESS_RETRIES', '21', 'is too large'],
])('%s=%s is refused: it %s', (name, value, why) => {
  expect(() => custom({ [name]: value })).toThrow(`${name}=${JSON.stringify(value)} ${why}`)
})

test('percents by phase and delays by attempt are read as they are', () => {
  const read = custom({
    STRESS_BREAK_OFF: 'data:5, transfer:2.5',
    STRESS_RETRIES: '3',
    STRESS_RETRY_DELAY: '1, 5,30',
  })
  expect(read).toMatchObject({
    breakOff: { data: 5, transfer: 2.5 },
    retries: 3,
    retryDelaySeconds: [1, 5, 30],
  })
})
