import { expect, test } from 'vitest'
import { readReports } from './report.ts'

const sent = { id: 'a', sent_ts: 1_700_000_000.5 }

test.each([
  ['delivery_report', { delivery_report: [sent] }],
  ['reports', { reports: [sent] }],
  ['both, once', { delivery_report: [sent], reports: [sent] }],
])('reads reports under %s', (_where, body) => {
  expect(readReports(body).reports).toEqual([
    { id: 'a', kind: 'sent', ts: 1_700_000_000.5, reason: undefined, refused: [] },
  ])
})

test.each([
  [
    { id: 'a', error_ts: 5, error: 'no such user' },
    { kind: 'error', ts: 5, reason: 'no such user' },
  ],
  [
    { id: 'a', deferred_ts: 9, deferred_reason: 'busy' },
    { kind: 'deferred', ts: 9, reason: 'busy' },
  ],
  [
    { id: 'a', bounce_ts: 9, bounce_reason: 'full' },
    { kind: 'bounce', ts: 9, reason: 'full' },
  ],
  [
    { id: 'a', pec_ts: 9, pec_event: 'accepted' },
    { kind: 'other', ts: undefined, reason: undefined },
  ],
])('reads %o', (item, expected) => {
  expect(readReports({ delivery_report: [item] }).reports).toEqual([{ id: 'a', refused: [], ...expected }])
})

test('reads whom a report names as refused, and nothing that is no address', () => {
  const item = {
    ...sent,
    refused_recipients: [{ address: 'b@x.test', reason: '550 no' }, { address: 7 }, null],
  }
  expect(readReports({ reports: [item] }).reports).toMatchObject([{ kind: 'sent', refused: ['b@x.test'] }])
  const odd = { ...sent, refused_recipients: 'all' }
  expect(readReports({ reports: [odd] }).reports).toMatchObject([{ refused: [] }])
})

test('counts malformed reports, and reads the others', () => {
  const { reports, malformed } = readReports({ reports: [null, 'a', { sent_ts: 1 }, { id: 7 }, sent] })
  expect({ malformed, ids: reports.map(({ id }) => id) }).toEqual({ malformed: 4, ids: ['a'] })
  expect(readReports({ reports: 'none' })).toEqual({ reports: [], malformed: 1 })
  expect(readReports({})).toEqual({ reports: [], malformed: 0 })
})
