import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { Accounts } from '../../src/proxy/store/accounts.ts'
import type { Claimed } from '../../src/proxy/store/claim.ts'
import { takeMessages } from '../../src/proxy/store/intake.ts'
import { recordOutcomes } from '../../src/proxy/store/outcomes.ts'
import { admit } from '../../src/proxy/store/rate.ts'
import { acknowledge, unreported } from '../../src/proxy/store/reports.ts'
import { forget } from '../../src/proxy/store/retention.ts'
import { endTurn, syncNow, takeTurns } from '../../src/proxy/store/sync-turns.ts'
import { Tenants } from '../../src/proxy/store/tenants.ts'
import { query } from './new-database.ts'

import { account, claim, connect, limits, many, message, outcome, prepared } from './store-scene.ts'

test('admits up to the limit over all proxies together, and says when the others may', async () => {
  const { db, url } = await prepared()
  await account(db, 't', 'a', { limits: { ...limits, perMinute: 5 } })
  await takeMessages(db, many(12))
  const pks = (await claim(db)).map(({ pk }) => pk)
  const key = { tenantId: 't', accountId: 'a' }
  const both = await Promise.all([admit(db, key, pks.slice(0, 6)), admit(connect(url), key, pks.slice(6))])
  const admitted = both.flatMap((admission) => [...admission.admitted])
  expect(admitted).toHaveLength(5)
  const waits = both.flatMap(({ waitMs }) => [...waitMs.values()])
  expect(waits).toHaveLength(7)
  expect(Math.min(...waits)).toBeGreaterThan(50_000)
  await takeMessages(db, [message('more')])
  expect(await claim(db)).toEqual([])
})

test('frees the slot of a message that was not accepted', async () => {
  const { db } = await prepared()
  await account(db, 't', 'a', { limits: { ...limits, perHour: 1 } })
  await takeMessages(db, many(2))
  const [first, second] = (await claim(db)) as [Claimed, Claimed]
  const key = { tenantId: 't', accountId: 'a' }
  expect((await admit(db, key, [first.pk])).admitted.size).toBe(1)
  await recordOutcomes(db, [outcome(first, { kind: 'deferred', retryAfterMs: 60_000 })])
  expect((await admit(db, key, [second.pk])).admitted.size).toBe(1)
})

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
