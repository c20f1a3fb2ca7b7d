import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const ENV = { GENRO_PYTHON: '/venv/bin/python' }

test('starts one on port 8000, without a cache, unless told otherwise', () => {
  expect(readOptions([], ENV)).toEqual({
    python: '/venv/bin/python',
    instances: 1,
    port: 8000,
    cacheFolder: undefined,
  })
  const given = ['--instances', '3', '--port', '9000', '--cache', '/tmp/cache', '--python', '/other']
  expect(readOptions(given, ENV)).toEqual({
    python: '/other',
    instances: 3,
    port: 9000,
    cacheFolder: '/tmp/cache',
  })
})

test('says how to get a Python when none is named', () => {
  expect(() => readOptions([], {})).toThrow(/no Python was named.*test\/genro\/install/s)
})

test.each([
  ['--instances', '0', 'from 1 to 16'],
  ['--instances', '17', 'from 1 to 16'],
  ['--instances', 'two', 'from 1 to 16'],
  ['--port', '65536', 'from 1 to 65535'],
])('refuses %s %s', (name, value, allowed) => {
  expect(() => readOptions([name, value], ENV)).toThrow(`"${value}" is not a whole number ${allowed}`)
})
