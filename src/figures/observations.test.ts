import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM, Histogram } from '../engine/histogram.ts'
import type { FailureRow } from '../engine/result.ts'
import { observe } from './observations.ts'

function connects(...ms: number[]) {
  const histogram = new Histogram()
  for (const one of ms) histogram.record(one)
  return histogram.toSparse()
}

function failure(failureClass: FailureRow['class'], phase: string, count: number): FailureRow {
  const row = { outcome: 'failed', target: 's', text: '', first_at_seconds: 0, last_at_seconds: 0 } as const
  return { ...row, class: failureClass, phase, count }
}

test('names connections that opened after a SYN was sent again, and only these', () => {
  const connect = connects(0.3, 999, 1_004, 1_060, 1_400, 3_010, 7_050, 5_000)
  expect(observe({ connect, failures: [] })).toEqual([
    expect.stringMatching(/^4 connections opened just after 1, 3/),
  ])
})

test('tells a server that never greets from one that is not there', () => {
  const failures = [
    failure('timeout', 'greeting', 5),
    failure('timeout', 'data', 9),
    failure('connection_refused', 'connect', 3),
    failure('local', 'connect', 2),
  ]
  expect(observe({ connect: EMPTY_HISTOGRAM, failures })).toEqual([
    expect.stringMatching(/^5 connections were opened but never greeted/),
    expect.stringMatching(/^3 connections were refused/),
    expect.stringMatching(/^2 messages failed because the load generator/),
  ])
})

test('says nothing of a run in which nothing is odd', () => {
  expect(observe({ connect: connects(0.2, 0.5, 12), failures: [failure('reply', 'envelope', 7)] })).toEqual(
    [],
  )
})

test('names a slow name server as that, with its name; a quick one is nothing to tell', () => {
  const names = [
    { host: 'slow.test', addresses: ['127.0.0.1'], lookup_ms: 412.6 },
    { host: 'quick.test', addresses: ['127.0.0.2'], lookup_ms: 3 },
  ]
  expect(observe({ connect: EMPTY_HISTOGRAM, failures: [], names })).toEqual([
    'the name server took 413 ms to answer for slow.test: it was asked once, before the load, and no other figure includes that time',
  ])
})
