import { expect, test } from 'vitest'
import { delivery, evidenceOf, handedOver, report } from './verify.fixture.ts'
import { sumOf, unverified, verify } from './verify.ts'

const CLEAN = {
  verified: true,
  handed_over: 1,
  delivered: 1,
  intact: 1,
  errors: 0,
  still_queued: 0,
  lost: 0,
  duplicated: 0,
  corrupted: 0,
  unreported: 0,
  misreported: 0,
}
const one = {
  handedOver: [handedOver('m')],
  deliveries: [delivery('m')],
  reports: [report('m', 'sent')],
}

test('finds nothing where each message came once, intact, and was reported', () => {
  expect(verify(evidenceOf(one))).toMatchObject({ ...CLEAN, lost_ids: [], remarks: [] })
})

test('counts as lost a message that neither arrived, failed nor waits, whatever was reported', () => {
  expect(verify(evidenceOf({ ...one, deliveries: [], reports: [] }))).toMatchObject({
    ...CLEAN,
    delivered: 0,
    intact: 0,
    lost: 1,
    lost_ids: ['m'],
  })
  expect(verify(evidenceOf({ ...one, deliveries: [] }))).toMatchObject({
    ...CLEAN,
    delivered: 0,
    intact: 0,
    lost: 1,
    lost_ids: ['m'],
    misreported: 1,
    misreported_ids: ['m'],
  })
})

test('counts messages waiting in the proxy as queued, and those it gave up as errors', () => {
  expect(verify(evidenceOf({ ...one, deliveries: [], reports: [], queued: ['m'] }))).toMatchObject({
    ...CLEAN,
    delivered: 0,
    intact: 0,
    still_queued: 1,
  })
  expect(verify(evidenceOf({ ...one, deliveries: [], reports: [report('m', 'error')] }))).toMatchObject({
    ...CLEAN,
    delivered: 0,
    intact: 0,
    errors: 1,
  })
})

test('does not count as lost what may wait in an unreadable queue', () => {
  const unread = evidenceOf({ ...one, deliveries: [], reports: [], queued: undefined })
  expect(verify(unread)).toMatchObject({ lost: null, still_queued: null, lost_ids: ['m'] })
  expect(verify(unread).why_not).toBe(
    "1 messages were neither delivered nor reported, and the proxy's queue could not be read",
  )
  expect(verify(evidenceOf({ ...one, queued: undefined }))).toMatchObject(CLEAN)
})

test('counts every delivery beyond the first', () => {
  const deliveries = [delivery('m'), delivery('m'), delivery('m')]
  expect(verify(evidenceOf({ ...one, deliveries }))).toMatchObject({
    ...CLEAN,
    intact: 0,
    duplicated: 2,
    duplicated_ids: ['m'],
  })
})

test.each([
  ['another text', { textMd5: 'other' }, 'm: its text differs'],
  [
    'another byte of an attachment',
    { attachments: [{ name: 'a.pdf', md5: 'ab', bytes: 10 }] },
    'm: "a.pdf" came with 10 bytes and MD5 ab, not 10 and aa',
  ],
  ['a missing attachment', { attachments: [] }, 'm: "a.pdf" is missing'],
  [
    'another name',
    { attachments: [{ name: 'b.pdf', md5: 'aa', bytes: 10 }] },
    'm: "a.pdf" came under the name "b.pdf"',
  ],
  [
    'an extra attachment',
    {
      attachments: [
        { name: 'a.pdf', md5: 'aa', bytes: 10 },
        { name: 'x', md5: 'bb', bytes: 1 },
      ],
    },
    'm: it has an extra attachment, "x"',
  ],
])('calls %s corrupted, and says what it is', (_, change, remark) => {
  expect(verify(evidenceOf({ ...one, deliveries: [delivery('m', change)] }))).toMatchObject({
    ...CLEAN,
    intact: 0,
    corrupted: 1,
    corrupted_ids: ['m'],
    remarks: [remark],
  })
})

test('finds a corrupted second delivery too', () => {
  const deliveries = [delivery('m'), delivery('m', { textMd5: null })]
  expect(verify(evidenceOf({ ...one, deliveries }))).toMatchObject({ duplicated: 1, corrupted: 1 })
})

test('tells reports that never came from reports that are untrue', () => {
  expect(verify(evidenceOf({ ...one, reports: [] }))).toMatchObject({
    ...CLEAN,
    unreported: 1,
    unreported_ids: ['m'],
  })
  expect(verify(evidenceOf({ ...one, reports: [report('m', 'error')] }))).toMatchObject({
    ...CLEAN,
    unreported: 1,
    misreported: 1,
    misreported_ids: ['m'],
  })
})

test('keeps the first 20 ids of a kind and counts all', () => {
  const messages = Array.from({ length: 50 }, (_, n) => handedOver(`m-${n}`))
  const { lost, lost_ids } = verify(evidenceOf({ handedOver: messages }))
  expect([lost, lost_ids.length, lost_ids.at(-1)]).toEqual([50, 20, 'm-19'])
})

test('sums up tenants, and leaves unknown what one of them does not know', () => {
  const [good, bad] = [verify(evidenceOf(one)), verify(evidenceOf({ ...one, deliveries: [] }))]
  expect(sumOf([good, bad], 3)).toMatchObject({
    handed_over: 2,
    delivered: 1,
    lost: 1,
    lost_ids: ['m'],
    unknown: 3,
  })
  const doubt = verify(evidenceOf({ ...one, deliveries: [], reports: [], queued: undefined }))
  expect(sumOf([good, doubt], 0)).toMatchObject({ verified: true, lost: null, why_not: doubt.why_not })
  expect(sumOf([good, unverified(5, 'the sink is gone')], 0)).toMatchObject({
    verified: false,
    why_not: 'the sink is gone',
    handed_over: 6,
    delivered: null,
    lost: null,
  })
})
