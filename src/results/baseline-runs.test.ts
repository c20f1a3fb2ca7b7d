import { expect, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { baselineDoubts, checkBaselineRuns } from './baseline.ts'
import { runWith } from './compare.fixture.ts'
import type { RunView } from './run-view.ts'

const fine = (changes: Parameters<typeof runWith>[1] = {}) => runWith({}, changes)
const bound = { ...burstResult().generator, bound: true }
const { metrics, workload } = burstResult()

test('takes several runs of one workload, and one alone', () => {
  expect(() => checkBaselineRuns([fine()])).not.toThrow()
  expect(() => checkBaselineRuns([fine({ run_id: 'a' }), fine({ run_id: 'b' })])).not.toThrow()
  expect(baselineDoubts([fine()])).toEqual([])
})

test.for<[string, readonly RunView[], RegExp]>([
  [
    'a run in which nothing was accepted',
    [fine({ metrics: { ...metrics, success_rate: 0, successful_messages: 0 } })],
    /no message of run\.json was accepted \(its success rate is 0 %\)[\s\S]*Every run would pass/,
  ],
  ['a run that was interrupted', [fine({ status: 'partial' })], /run\.json ended early/],
  [
    'a burst and a stream under one name',
    [fine({ run_id: 'a' }), fine({ run_id: 'b', test_type: 'sustained' })],
    /cannot share a baseline: different workload: mode: burst vs\. sustained/,
  ],
  [
    'different numbers of messages',
    [fine({ run_id: 'a' }), fine({ run_id: 'b', workload: { ...workload, planned: 9 } })],
    /different workload: messages: 5,000 vs\. 9/,
  ],
  [
    'different backends',
    [fine({ run_id: 'a' }), fine({ run_id: 'b', backend: { name: 'docker', why: '' } })],
    /different backend: embedded vs\. docker/,
  ],
  ['different scenarios', [fine(), fine({ scenario: 'heavy' })], /are of different scenarios/],
  ['one run twice', [fine({ run_id: 'a' }), fine({ run_id: 'a' })], /are the same run/],
])('refuses %s', ([, runs, message]) => {
  expect(() => checkBaselineRuns(runs)).toThrow(message)
})

test('says what must be known of runs that are taken all the same', () => {
  const machine = { ...burstResult().machine, cores: 64 }
  const low = { ...metrics, success_rate: 0.6 }
  expect(baselineDoubts([fine(), fine({ generator: bound, machine, metrics: low })])).toEqual([
    'run.json accepted 60 % of its messages',
    'run.json was generator-bound: its figures are the limits of that machine, not of the servers',
    'its runs are of different machines: cores: 2 vs. 64',
  ])
})
