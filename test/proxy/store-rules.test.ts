import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import { Accounts, failOrphans } from '../../src/programs/proxy/store/accounts.ts'
import { type Claimed, extendLeases, releaseClaims } from '../../src/programs/proxy/store/claim.ts'
import type { Database } from '../../src/programs/proxy/store/database.ts'
import { takeMessages } from '../../src/programs/proxy/store/intake.ts'
import { forget } from '../../src/programs/proxy/store/messages.ts'
import { recordOutcomes } from '../../src/programs/proxy/store/outcomes.ts'
import { type Admitted, reserveSlots, slotMailed } from '../../src/programs/proxy/store/rate.ts'
import { acknowledge, endTurn, syncNow, takeTurns, unreported } from '../../src/programs/proxy/store/sync.ts'
import { Tenants } from '../../src/programs/proxy/store/tenants.ts'
import { query } from './new-database.ts'

import { account, claim, connect, limits, many, message, outcome, prepared } from './store-scene.ts'

const RESERVE_MS = 60_000
const wanting = (claimed: readonly Claimed[]) => claimed as readonly Claimed[] & [Claimed, ...Claimed[]]
const kinds = (decided: readonly Admitted[]) => decided.map(({ kind }) => kind)

test('reserves up to the limit over all proxies together; the others wait for what becomes of those', async () => {
  const { db, url } = await prepared()
  await account(db, 't', 'a', { limits: { ...limits, perMinute: 5 } })
  await takeMessages(db, many(12))
  const claimed = await claim(db)
  const both = await Promise.all([
    reserveSlots(db, wanting(claimed.slice(0, 6)), RESERVE_MS),
    reserveSlots(connect(url), wanting(claimed.slice(6)), RESERVE_MS),
  ])
  expect(kinds(both.flat()).toSorted()).toEqual([...Array(5).fill('admitted'), ...Array(7).fill('undecided')])
  // Meanwhile nothing more of the account is taken.
  await takeMessages(db, [message('more')])
  expect(await claim(db)).toEqual([])
})

test('says when a slot is free once MAIL has gone out for all of them', async () => {
  const { db } = await prepared()
  await account(db, 't', 'a', { limits: { ...limits, perMinute: 2 } })
  await takeMessages(db, many(3))
  const [first, second, third] = wanting(await claim(db)) as [Claimed, Claimed, Claimed]
  expect(kinds(await reserveSlots(db, [first, second], RESERVE_MS))).toEqual(['admitted', 'admitted'])
  await slotMailed(db, first)
  await slotMailed(db, second)
  const [decided] = await reserveSlots(db, [third], RESERVE_MS)
  expect(decided).toEqual({ kind: 'waits', rejects: false, ms: expect.closeTo(60_000, -4) })
  // Whose MAIL has gone out has none for a second transaction.
  expect(kinds(await reserveSlots(db, [first], RESERVE_MS))).toEqual(['waits'])
})

test('keeps the slot that a message has reserved', async () => {
  const { db } = await prepared()
  await account(db, 't', 'a', { limits: { ...limits, perHour: 1 } })
  await takeMessages(db, many(2))
  const [first, second] = (await claim(db)) as [Claimed, Claimed]
  await reserveSlots(db, [first], RESERVE_MS)
  expect(kinds(await reserveSlots(db, [second, first], RESERVE_MS))).toEqual(['undecided', 'admitted'])
})

test.each([
  [
    'its outcome',
    (db: Database, first: Claimed) =>
      recordOutcomes(db, [outcome(first, { kind: 'deferred', retryAfterMs: 60_000 })]),
  ],
  ['its release', (db: Database, first: Claimed) => releaseClaims(db, [first])],
])(
  'gives back, with %s, the slot of a message that came to no MAIL, and goes on at once',
  async (_how, end) => {
    const { db } = await prepared()
    await account(db, 't', 'a', { limits: { ...limits, perHour: 1 } })
    await takeMessages(db, many(2))
    const [first, second] = (await claim(db)) as [Claimed, Claimed]
    expect(kinds(await reserveSlots(db, [first, second], RESERVE_MS))).toEqual(['admitted', 'undecided'])
    await end(db, first)
    await releaseClaims(db, [second])
    // The account is not blocked any more.
    expect((await claim(db)).length).toBeGreaterThan(0)
    expect(kinds(await reserveSlots(db, [second], RESERVE_MS))).toEqual(['admitted'])
  },
)

test('forgets what is old and acknowledged, and nothing that a tenant is owed', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(2))
  await recordOutcomes(
    db,
    (await claim(db)).map((claimed) => outcome(claimed)),
  )
  const { eventIds } = await unreported(db, 't', 1)
  await acknowledge(db, eventIds)
  expect(await forget(db, 60_000)).toBe(0)
  expect(await forget(db, 0)).toBe(1)
  expect((await unreported(db, 't', 10)).items).toMatchObject([{ id: 'm0001' }])
  expect(await query(url, 'SELECT id FROM messages')).toEqual([{ id: 'm0001' }])
})

test('tells a tenant what became of the mail of an account that is deleted', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(2))
  expect(await new Accounts(db).remove('t', 'a')).toBe(true)
  const { items } = await unreported(db, 't', 10)
  expect(items.map(({ error }) => error)).toEqual(['account deleted', 'account deleted'])
})

test('deletes a tenant although a proxy writes outcomes of its messages at the same moment', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(1))
  const proxy = new pg.Client({ connectionString: url })
  await proxy.connect()
  try {
    // Not this one is to be given up.
    await proxy.query("SET deadlock_timeout = '1 min'")
    await proxy.query("BEGIN; UPDATE messages SET state = 'sent', done_at = now()")
    const removed = new Tenants(db).remove('t')
    const waits = 'SELECT count(*)::int AS waits FROM pg_locks WHERE NOT granted'
    await expect.poll(() => query(url, waits)).toEqual([{ waits: 1 }])
    // The event refers to the tenant, whose row the deletion holds, which waits for the message.
    await proxy.query(`INSERT INTO message_events (tenant_id, message_pk, message_id, type)
      SELECT tenant_id, pk, id, 'sent' FROM messages`)
    await proxy.query('COMMIT')
    expect(await removed).toBe(true)
  } finally {
    await proxy.end()
  }
  expect(await query(url, 'SELECT FROM tenants')).toEqual([])
}, 20_000)

test('reports what was sent while its account was deleted as sent, and what would be tried again as an error', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(3))
  const [sent, deferred, lost] = (await claim(db)) as [Claimed, Claimed, Claimed]
  await takeMessages(db, [message('waiting')])
  await new Accounts(db).remove('t', 'a')
  await recordOutcomes(db, [
    outcome(sent),
    outcome(deferred, { kind: 'deferred', retryAfterMs: 1, description: '451 busy' }),
  ])
  // Its proxy was killed.
  await extendLeases(db, [lost], 0)
  expect(await failOrphans(db)).toBe(1)
  const { items } = await unreported(db, 't', 10)
  expect(new Map(items.map((item) => [item.id, item.error ?? 'sent']))).toEqual(
    new Map([
      ['waiting', 'account deleted'],
      ['m0000', 'sent'],
      ['m0001', 'account deleted: 451 busy'],
      ['m0002', 'account deleted'],
    ]),
  )
})

test('gives a tenant’s turn to one proxy, and the next when it is due', async () => {
  const { db, url } = await prepared()
  const [mine, others] = await Promise.all([
    takeTurns(db, randomUUID(), 10, 60_000),
    takeTurns(connect(url), randomUUID(), 10, 60_000),
  ])
  expect([...mine, ...others]).toHaveLength(1)
  const [turn] = [...mine, ...others]
  if (turn === undefined) return
  await endTurn(db, turn, { afterMs: 60_000, failed: false })
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toEqual([])
  expect(await syncNow(db, 't')).toBe(1)
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toHaveLength(1)
})

test('leaves a tenant alone until the time it named, unless it is asked for at once', async () => {
  const { db } = await prepared()
  const [turn] = await takeTurns(db, randomUUID(), 10, 60_000)
  if (turn === undefined) throw new Error('no turn')
  const notBeforeTs = Math.round(Date.now() / 1000) + 3
  await endTurn(db, turn, { notBeforeTs })
  const [state] = await new Tenants(db).syncStates()
  expect(state).toMatchObject({ inDnd: true, nextSyncTs: notBeforeTs })
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toEqual([])
  await syncNow(db)
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toHaveLength(1)
})

test('makes a run-now during a turn the next turn', async () => {
  const { db } = await prepared()
  const [turn] = await takeTurns(db, randomUUID(), 10, 60_000)
  if (turn === undefined) throw new Error('no turn')
  await syncNow(db, 't')
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toEqual([])
  await endTurn(db, turn, { afterMs: 60_000, failed: false })
  expect(await takeTurns(db, randomUUID(), 10, 60_000)).toHaveLength(1)
})
