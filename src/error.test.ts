import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { errorText } from './error.ts'

test.each([
  ['a message', new Error('it broke'), 'it broke'],
  ['no message but a code', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
  ['neither, but a cause', new Error('', { cause: new Error('deeper') }), 'deeper'],
  ['nothing at all', new TypeError(''), 'TypeError'],
  ['several errors', new AggregateError([new Error('a'), new Error('b'), new Error('a')]), 'a, b'],
  ['several errors and a message', new AggregateError([new Error('a')], 'all failed'), 'all failed: a'],
  ['no errors of several', new AggregateError([]), 'AggregateError'],
  ['text', 'plain', 'plain'],
  ['no text', '', 'unknown error'],
  ['undefined', undefined, 'undefined'],
])('has words for an error with %s', (_what, error, words) => {
  expect(errorText(error)).toBe(words)
})

test('names every address that refused', async () => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]
  const socket = connect({
    host: 'two.test',
    port: 1,
    lookup: (_host, _options, callback) => callback(null, addresses),
  })
  const error = await new Promise((resolve) => socket.once('error', resolve))
  expect(errorText(error)).toBe('connect ECONNREFUSED 127.0.0.1:1, connect ECONNREFUSED 127.0.0.2:1')
})
