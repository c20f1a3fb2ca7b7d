import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('measures what the issue asks for unless told otherwise', () => {
  expect(readOptions([])).toMatchObject({ rounds: 5, messages: 20_000, backlogs: [1_000, 10_000, 100_000] })
})

test('takes a number of messages, backlogs and an interpreter', () => {
  expect(
    readOptions(['--messages', '500', '--backlogs', '10,20', '--real', '/venv/bin/python']),
  ).toMatchObject({
    messages: 500,
    backlogs: [10, 20],
    realPython: '/venv/bin/python',
  })
})

test.each(['0', '-1', 'many', ''])('refuses %j rounds', (rounds) => {
  expect(() => readOptions([`--rounds=${rounds}`])).toThrow('is not a whole number above 0')
})

test('compares with a commit, without backlogs unless they are asked for', () => {
  expect(readOptions(['--before', '7af08a6'])).toMatchObject({ before: '7af08a6', backlogs: [] })
  expect(readOptions(['--before', 'HEAD~1', '--backlogs', '10'])).toMatchObject({ backlogs: [10] })
})

test.each(['', '--upload-pack=x', 'a b'])('refuses %j as a commit', (before) => {
  expect(() => readOptions([`--before=${before}`])).toThrow('is not a commit')
})
