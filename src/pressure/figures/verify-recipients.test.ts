import { expect, test } from 'vitest'
import { delivery, evidenceOf, handedOver, report } from './verify.fixture.ts'
import { verify } from './verify.ts'

// Messages to several recipients: each has to get it once, or to be named by the report.

const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com'] as const
const to = (...recipients: string[]) => delivery('m', { recipients })
const sent = (...refused: string[]) => ({ ...report('m', 'sent'), refused })
const checked = (
  deliveries: ReturnType<typeof to>[],
  reports: ReturnType<typeof sent>[],
  queued: string[] = [],
) =>
  verify(
    evidenceOf({ handedOver: [handedOver('m', { recipients: [A, B, C] })], deliveries, reports, queued }),
  )

const CLEAN = { delivered: 1, intact: 1, lost: 0, duplicated: 0, corrupted: 0, misreported: 0, unreported: 0 }

test('several transactions of a message are one delivery', () => {
  expect(checked([to(A, B), to(C)], [sent()])).toMatchObject({ ...CLEAN, missed_recipients: 0 })
})

test('counts a repeated delivery to a recipient as a duplicate', () => {
  expect(checked([to(A, B), to(B, C)], [sent()])).toMatchObject({ ...CLEAN, intact: 0, duplicated: 1 })
})

test('a refusal that the report names is in order', () => {
  expect(checked([to(A, C)], [sent(B)])).toMatchObject({ ...CLEAN, missed_recipients: 1 })
})

test.each([
  ['says nothing of whom it did not reach', [to(A, C)], [sent()]],
  ['names another', [to(A, C)], [sent(C)]],
  ['names one who has it', [to(A, B, C)], [sent(B)]],
])('a report is false when it %s', (_, deliveries, reports) => {
  expect(checked(deliveries, reports)).toMatchObject({ misreported: 1, misreported_ids: ['m'] })
})

test('counts a message with recipients still to come as queued', () => {
  expect(checked([to(A)], [], ['m'])).toMatchObject({
    delivered: 0,
    still_queued: 1,
    unreported: 0,
    missed_recipients: 0,
  })
  expect(checked([to(A)], [])).toMatchObject({ delivered: 1, intact: 0, unreported: 1, missed_recipients: 2 })
})

test('a delivery to a stranger is told', () => {
  const { corrupted, remarks } = checked([to(A, B, C, 'x@example.com')], [sent()])
  expect([corrupted, remarks]).toEqual([
    1,
    ['m: it also went to x@example.com, who is not one of its recipients'],
  ])
})
