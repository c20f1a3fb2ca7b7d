import { expect, test } from 'vitest'
import { OutcomeWriter } from '../../src/programs/proxy/dispatch/outcome-writer.ts'
import { Log } from '../../src/programs/proxy/log.ts'
import { Metrics } from '../../src/programs/proxy/metrics.ts'
import { type Claimed, extendLeases, releaseClaims } from '../../src/programs/proxy/store/claim.ts'
import { takeMessages } from '../../src/programs/proxy/store/intake.ts'
import { MIGRATIONS } from '../../src/programs/proxy/store/migrations.ts'
import { recordOutcomes } from '../../src/programs/proxy/store/outcomes.ts'
import { unreported } from '../../src/programs/proxy/store/sync.ts'
import { Tenants } from '../../src/programs/proxy/store/tenants.ts'
import { query } from './new-database.ts'

import {
  account,
  claim,
  client,
  connect,
  freshDatabase,
  ids,
  many,
  message,
  outcome,
  prepared,
  unlimited,
} from './store-scene.ts'

test('migrates an empty database once, however many proxies start at the same time', async () => {
  const url = await freshDatabase()
  const dbs = [connect(url), connect(url), connect(url)]
  await Promise.all(dbs.map((db) => db.migrate()))
  expect(await query(url, 'SELECT version FROM proxy_migrations ORDER BY version')).toEqual(
    MIGRATIONS.map((_, n) => ({ version: n + 1 })),
  )
})

test('gives each message to one of many claims at the same time', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(500))
  const others = [db, connect(url), connect(url)]
  const claims = await Promise.all(Array.from({ length: 12 }, (_, n) => claim(others[n % 3] ?? db)))
  const all = claims.flatMap(ids)
  while (all.length < 500) {
    const more = ids(await claim(db))
    if (more.length === 0) break
    all.push(...more)
  }
  expect(all).toHaveLength(500)
  expect(new Set(all).size).toBe(500)
})

test('claims in order of priority, and of arrival within it', async () => {
  const { db } = await prepared()
  await takeMessages(db, [message('low', { priority: 3 }), message('m1'), message('m2')])
  await takeMessages(db, [message('high', { priority: 1 }), message('now', { priority: 'immediate' })])
  expect(ids(await claim(db))).toEqual(['now', 'high', 'm1', 'm2', 'low'])
})

test('claims of each account what its batch leaves room for', async () => {
  const { db } = await prepared()
  await account(db, 't', 'small', { batchSize: 3 })
  await takeMessages(db, many(30))
  await takeMessages(
    db,
    many(30, { account_id: 'small' }).map((m) => ({ ...m, id: `small-${m.id}` })),
  )
  const loads = [{ tenantId: 't', accountId: 'a', waiting: 4, urgent: 0 }]
  const claimed = await claim(db, { batchSize: 10, loads })
  expect(claimed.filter(({ accountId }) => accountId === 'a')).toHaveLength(6)
  expect(claimed.filter(({ accountId }) => accountId === 'small')).toHaveLength(3)
})

test('claims what is urgent although the batch of its account is full', async () => {
  const { db } = await prepared()
  await takeMessages(db, [...many(5), message('now', { priority: 0 })])
  const loads = [{ tenantId: 't', accountId: 'a', waiting: 10, urgent: 0 }]
  expect(ids(await claim(db, { batchSize: 10, loads }))).toEqual(['now'])
})

test('stops a claim at its bytes, but gives one message however large', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(5, { body: 'x'.repeat(10_000) }))
  expect(await claim(db, { maxBytes: 25_000 })).toHaveLength(3)
  expect(await claim(db, { maxBytes: 1 })).toHaveLength(1)
})

test('claims of no tenant more than its room, whatever its accounts have ready', async () => {
  const { db } = await prepared()
  await new Tenants(db).save('u', { name: 'U', active: true, client, ...unlimited })
  for (const id of ['b', 'c']) await account(db, 't', id)
  await account(db, 'u', 'a')
  for (const account_id of ['a', 'b', 'c'])
    await takeMessages(
      db,
      many(20).map((one) => ({ ...one, id: `${account_id}-${one.id}`, account_id })),
    )
  await takeMessages(db, [message('of-u', { tenant_id: 'u' })])
  const rooms = [{ tenantId: 't', messages: 7, bytes: 1e9 }]
  const first = await claim(db, { rooms })
  expect(first.filter(({ tenantId }) => tenantId === 't')).toHaveLength(7)
  expect(ids(first)).toContain('of-u')
  expect(await claim(db, { rooms: [{ tenantId: 't', messages: 7, bytes: 0 }] })).toEqual([])
  expect(await claim(db, { otherRoom: { messages: 5, bytes: 1e9 } })).toHaveLength(5)
})

test('keeps a deferred message until its time', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, [message('later', { deferred_ts: Date.now() / 1000 + 60 }), message('m')])
  expect(ids(await claim(db))).toEqual(['m'])
  await query(url, "UPDATE messages SET available_at = now() WHERE id = 'later'")
  expect(ids(await claim(db))).toEqual(['later'])
})

test('gives the messages of a dead process to others once the lease has ended, and not before', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(3))
  expect(await claim(db, { leaseMs: 300 })).toHaveLength(3)
  expect(await claim(db)).toHaveLength(0)
  await expect.poll(async () => (await claim(db)).length, { interval: 20 }).toBe(3)
})

test('keeps a message for the process that extends its lease, and tells it what it has lost', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(2))
  const mine = await claim(db, { leaseMs: 1 })
  await expect.poll(async () => (await claim(db, { maxMessages: 1 })).length, { interval: 5 }).toBe(1)
  const kept = await extendLeases(db, mine, 60_000)
  expect(kept).toEqual(new Set([mine[1]?.pk]))
  expect(await claim(db)).toHaveLength(0)
})

test('gives released messages at once to whoever claims next', async () => {
  const { db } = await prepared()
  await takeMessages(db, many(2))
  await releaseClaims(db, await claim(db))
  expect((await claim(db)).map(({ claims }) => claims)).toEqual([1, 1])
})

test('writes state and event of an outcome together, once', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(3))
  const [a, b, c] = (await claim(db)) as [Claimed, Claimed, Claimed]
  const outcomes = [outcome(a), outcome(b, { kind: 'error', description: '550\r\nno' })]
  outcomes.push(outcome(c, { kind: 'deferred', retryAfterMs: 60_000, description: 'busy' }))
  expect((await recordOutcomes(db, outcomes)).size).toBe(3)
  expect((await recordOutcomes(db, outcomes)).size).toBe(0)
  const events = await query(
    url,
    'SELECT message_id AS id, type, description FROM message_events ORDER BY message_id',
  )
  expect(events).toEqual([
    { id: 'm0000', type: 'sent', description: null },
    { id: 'm0001', type: 'error', description: '550 no' },
    { id: 'm0002', type: 'deferred', description: 'busy' },
  ])
  const [row] = await query(url, "SELECT state, attempts, claim FROM messages WHERE id = 'm0002'")
  expect(row).toEqual({ state: 'pending', attempts: 1, claim: null })
})

test('takes from a process that lost its claim only that a message was sent', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(2))
  const lost = await claim(db, { leaseMs: 1 })
  await expect.poll(async () => (await claim(db)).length, { interval: 5 }).toBe(2)
  const [a, b] = lost as [Claimed, Claimed]
  expect(await recordOutcomes(db, [outcome(a), outcome(b, { kind: 'error' })])).toEqual(new Set([a.pk]))
  const states = await query(url, 'SELECT state FROM messages ORDER BY id')
  expect(states).toEqual([{ state: 'sent' }, { state: 'pending' }])
})

test('writes what became of a message although its text cannot be stored', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(3))
  const [first, odd, last] = (await claim(db)) as [Claimed, Claimed, Claimed]
  await query(
    url,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.recipients::text LIKE '%odd%' THEN RAISE EXCEPTION 'no such text' USING ERRCODE = 'character_not_in_repertoire'; END IF; RETURN NEW; END $$`,
  )
  await query(
    url,
    'CREATE TRIGGER refuse BEFORE INSERT ON message_events FOR EACH ROW EXECUTE FUNCTION refuse()',
  )
  const writer = new OutcomeWriter({ db, log: new Log('silent'), metrics: new Metrics(), inFlight: () => 3 })
  const recipientsDone = [{ address: 'a@x.test' }, { address: 'b@x.test', refused: '550 odd' }]
  const written = await Promise.all([
    writer.record(outcome(first)),
    writer.record(outcome(odd, { recipientsDone })),
    writer.record(outcome(last)),
  ])
  expect(written).toEqual([true, true, true])
  expect(await query(url, 'SELECT state, count(*)::int AS n FROM messages GROUP BY state')).toEqual([
    { state: 'sent', n: 3 },
  ])
  const { items } = await unreported(db, 't', 10)
  expect(items.find(({ id }) => id === odd.id)?.refused_recipients).toEqual([
    { address: 'b@x.test', reason: 'its text could not be stored' },
  ])
})

test('cuts and cleans what is stored of a reply', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, many(1))
  const [one] = (await claim(db)) as [Claimed]
  const text = `550 bad\0guy \ud800 ${'x'.repeat(100_000)}`
  const recipientsDone = [{ address: 'a@x.test', refused: text }]
  await recordOutcomes(db, [outcome(one, { kind: 'error', description: text, recipientsDone })])
  const [row] = await query(url, 'SELECT error, recipients_done FROM messages')
  expect(row?.error).toMatch(/^550 bad guy \ufffd x+…$/)
  expect(JSON.stringify(row).length).toBeLessThan(2_000)
})
