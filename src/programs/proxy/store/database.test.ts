import pg from 'pg'
import { expect, test } from 'vitest'
import { mayPass } from './database.ts'

const sqlState = (code: string) => Object.assign(new pg.DatabaseError('m', 1, 'error'), { code })
const system = (code: string) => Object.assign(new Error('m'), { code })

test.each([
  // read-only after a failover, broken transactions, shutdown, no room, serialisation, no such database yet
  ...[
    '25006',
    '25P02',
    '25P03',
    '57P01',
    '57P02',
    '57P03',
    '53100',
    '53300',
    '08006',
    '40001',
    '3D000',
    '28P01',
    'XX000',
  ],
])('waits when PostgreSQL says %s', (code) => {
  expect(mayPass(sqlState(code))).toBe(true)
})

test.each(['22P05', '22008', '23505', '42601', '0A000', '54000', '21000', 'P0001'])(
  'does not wait when PostgreSQL says %s',
  (code) => {
    expect(mayPass(sqlState(code))).toBe(false)
  },
)

test.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EMFILE', 'EAI_AGAIN', 'EPIPE'])(
  'waits when the system says %s',
  (code) => {
    expect(mayPass(system(code))).toBe(true)
    expect(mayPass(new AggregateError([system(code)]))).toBe(true)
  },
)

test('does not wait for mistakes of ours', () => {
  expect(
    [new TypeError('x is undefined'), system('ERR_INVALID_ARG_TYPE'), new AggregateError([])].map(mayPass),
  ).toEqual([false, false, false])
})
