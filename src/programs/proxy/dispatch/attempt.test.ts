import { expect, test } from 'vitest'
import { conclude } from './attempt.ts'

const delaysMs = [60_000, 300_000]
const message = { pk: '1', claim: 'c', attempts: 0, recipientsDone: [] }
const both = ['a@x.test', 'b@x.test']
const no = { address: 'a@x.test', reason: '550 no such user', permanent: true }
const busy = { address: 'b@x.test', reason: '451 busy', permanent: false }

test('is sent when everybody has it, and says nothing about recipients', () => {
  expect(conclude(message, both, { accepted: both, refused: [] }, delaysMs)).toEqual({
    pk: '1',
    claim: 'c',
    attempted: true,
    kind: 'sent',
  })
})

test('is sent when one has it and the other is refused for good, and names the other', () => {
  expect(conclude(message, both, { accepted: ['b@x.test'], refused: [no] }, delaysMs)).toMatchObject({
    kind: 'sent',
    recipientsDone: [{ address: 'b@x.test' }, { address: 'a@x.test', refused: '550 no such user' }],
  })
})

test('is an error at once when all are refused for good', () => {
  expect(conclude(message, ['a@x.test'], { accepted: [], refused: [no] }, delaysMs)).toMatchObject({
    kind: 'error',
    description: '550 no such user',
  })
})

test('is retried only for recipients that may still get it', () => {
  expect(conclude(message, both, { accepted: [], refused: [no, busy] }, delaysMs)).toMatchObject({
    kind: 'deferred',
    retryAfterMs: 60_000,
    description: '451 busy',
    recipientsDone: [{ address: 'a@x.test', refused: '550 no such user' }],
  })
})

test('is sent in the end although the last recipients never got it, if one did before', () => {
  const later = { ...message, attempts: 2, recipientsDone: [{ address: 'a@x.test' }] }
  expect(conclude(later, ['b@x.test'], { accepted: [], refused: [busy] }, delaysMs)).toMatchObject({
    kind: 'sent',
    recipientsDone: [
      { address: 'a@x.test' },
      { address: 'b@x.test', refused: 'max retries exceeded: 451 busy' },
    ],
  })
})

test('waits longer each time, and gives up when there are no delays left', () => {
  const failure = { reason: 'connect ECONNREFUSED', permanent: false }
  const outcome = (attempts: number) =>
    conclude({ ...message, attempts }, both, { accepted: [], refused: [], failure }, delaysMs)
  expect(outcome(0)).toMatchObject({ kind: 'deferred', retryAfterMs: 60_000 })
  expect(outcome(1)).toMatchObject({ kind: 'deferred', retryAfterMs: 300_000 })
  expect(outcome(2)).toMatchObject({
    kind: 'error',
    description: 'max retries exceeded: connect ECONNREFUSED',
  })
})

test('tries again for a recipient that no reply named', () => {
  expect(conclude(message, both, { accepted: ['a@x.test'], refused: [] }, delaysMs)).toMatchObject({
    kind: 'deferred',
    recipientsDone: [{ address: 'a@x.test' }],
  })
})
