import { randomUUID } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { Accounts } from '../../src/proxy/store/accounts.ts'
import { type Claimed, type ClaimOptions, claimMessages } from '../../src/proxy/store/claim.ts'
import { Database } from '../../src/proxy/store/database.ts'
import { takeMessages } from '../../src/proxy/store/intake.ts'
import { extendLeases, releaseClaims } from '../../src/proxy/store/lease.ts'
import { type Outcome, recordOutcomes } from '../../src/proxy/store/outcomes.ts'
import { admit } from '../../src/proxy/store/rate.ts'
import { acknowledge, unreported } from '../../src/proxy/store/reports.ts'
import { forget } from '../../src/proxy/store/retention.ts'
import { setSuspended } from '../../src/proxy/store/suspension.ts'
import { endTurn, syncNow, takeTurns } from '../../src/proxy/store/sync-turns.ts'
import { Tenants } from '../../src/proxy/store/tenants.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'

const freshDatabase = freshDatabases()
const open: Database[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((db) => db.close()))
})

function connect(url: string): Database {
  const onIdleError = (error: Error) => {
    throw error
  }
  const db = new Database({ url, connections: 4, onIdleError })
  open.push(db)
  return db
}

const client = { baseUrl: 'http://t.test', syncPath: '/sync', attachmentPath: null, auth: null }
const limits = { perMinute: null, perHour: null, perDay: null }

async function account(db: Database, tenantId: string, id: string, change: object = {}): Promise<void> {
  const server = { host: '127.0.0.1', port: 25, user: null, password: null, tls: 'none' as const }
  await new Accounts(db).save({
    tenantId,
    id,
    server,
    batchSize: null,
    limits,
    limitBehavior: 'defer',
    ...change,
  })
}

/** A database with tenant t and its account a. */
async function prepared(): Promise<{ db: Database; url: string }> {
  const url = await freshDatabase()
  const db = connect(url)
  await db.migrate()
  await new Tenants(db).save('t', { name: 'T', active: true, client })
  await account(db, 't', 'a')
  return { db, url }
}

const message = (id: string, change: object = {}) => {
  return {
    id,
    tenant_id: 't',
    account_id: 'a',
    from: 'a@x.test',
    to: 'b@y.test',
    subject: 's',
    body: 'b',
    ...change,
  }
}
const many = (count: number, change: object = {}) =>
  Array.from({ length: count }, (_, n) => message(`m${String(n).padStart(4, '0')}`, change))

function claim(db: Database, change: Partial<ClaimOptions> = {}): Promise<Claimed[]> {
  const options = { leaseMs: 60_000, batchSize: 50, maxMessages: 10_000, maxBytes: 1e9, loads: [] }
  return claimMessages(db, { claim: randomUUID(), ...options, ...change })
}

const ids = (claimed: readonly Claimed[]) => claimed.map(({ id }) => id)
const outcome = ({ pk, claim: by }: Claimed, change: Partial<Outcome> = {}): Outcome => {
  return { pk, claim: by, kind: 'sent', attempted: true, ...change }
}

test('migrates an empty database once, however many proxies start at the same time', async () => {
  const url = await freshDatabase()
  const dbs = [connect(url), connect(url), connect(url)]
  await Promise.all(dbs.map((db) => db.migrate()))
  expect(await query(url, 'SELECT version FROM proxy_migrations')).toEqual([{ version: 1 }])
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

test('refuses one message, not the batch, and reports the refusal', async () => {
  const { db } = await prepared()
  const batch = [message('good'), message('bad', { to: 'nobody' }), message('lost', { account_id: 'z' }), 7]
  expect(await takeMessages(db, batch)).toEqual({
    queued: 1,
    rejected: [
      { id: 'bad', reason: 'to has "nobody", which is not a mail address' },
      { id: null, reason: 'a message has to be an object' },
      { id: 'lost', reason: 'account not found for tenant' },
    ],
  })
  const reports = await unreported(db, 't', 10)
  expect(reports.items.map(({ id }) => id).toSorted()).toEqual(['bad', 'lost'])
  expect(await takeMessages(db, [message('bad')])).toEqual({ queued: 1, rejected: [] })
})

test('overwrites what waits, and neither what is being sent nor what was sent', async () => {
  const { db, url } = await prepared()
  await takeMessages(db, [message('m', { subject: 'old' })])
  expect((await takeMessages(db, [message('m', { subject: 'new' })])).queued).toBe(1)
  const [claimed] = await claim(db)
  expect(claimed?.mail.subject).toBe('new')
  expect(await takeMessages(db, [message('m')])).toEqual({
    queued: 0,
    rejected: [{ id: 'm', reason: 'being sent' }],
  })
  await recordOutcomes(db, claimed === undefined ? [] : [outcome(claimed)])
  expect(await takeMessages(db, [message('m')])).toEqual({
    queued: 0,
    rejected: [{ id: 'm', reason: 'already sent' }],
  })
  expect(await query(url, 'SELECT count(*)::int AS n FROM messages')).toEqual([{ n: 1 }])
})

test('leaves a queued message alone when its id comes again with an unknown account', async () => {
  const { db } = await prepared()
  await takeMessages(db, [message('m')])
  expect((await takeMessages(db, [message('m', { account_id: 'z' })])).queued).toBe(0)
  expect((await unreported(db, 't', 10)).items).toEqual([])
  expect(ids(await claim(db))).toEqual(['m'])
})

test('takes the only account of a tenant for a message that names none', async () => {
  const { db } = await prepared()
  const unnamed = message('m', { account_id: undefined })
  expect((await takeMessages(db, [unnamed])).queued).toBe(1)
  await account(db, 't', 'b')
  expect((await takeMessages(db, [{ ...unnamed, id: 'n' }])).rejected).toEqual([
    { id: 'n', reason: 'missing account_id' },
  ])
})

test('takes of a tenant’s token only its own messages', async () => {
  const { db } = await prepared()
  await new Tenants(db).save('other', { name: null, active: true, client })
  const options = { onlyTenantId: 'other', tenantId: 'other' }
  const result = await takeMessages(db, [message('m')], options)
  expect(result).toEqual({
    queued: 0,
    rejected: [{ id: 'm', reason: 'tenant_id is not the one of the token' }],
  })
})

test('holds a suspended batch, also what is added to it, until it is activated', async () => {
  const { db } = await prepared()
  await takeMessages(db, [message('in', { batch_code: 'b' }), message('out')])
  expect(await setSuspended(db, 't', 'b', true)).toEqual({ suspendedBatches: ['b'], pendingMessages: 1 })
  await takeMessages(db, [message('more', { batch_code: 'b' })])
  expect(ids(await claim(db))).toEqual(['out'])
  expect(await setSuspended(db, 't', 'b', false)).toEqual({ suspendedBatches: [], pendingMessages: 2 })
  expect(ids(await claim(db)).toSorted()).toEqual(['in', 'more'])
})

test('holds everything of a tenant that is suspended as a whole', async () => {
  const { db } = await prepared()
  await takeMessages(db, [message('in', { batch_code: 'b' }), message('out')])
  await setSuspended(db, 't', '*', true)
  expect(await claim(db)).toEqual([])
  await setSuspended(db, 't', '*', false)
  expect(await claim(db)).toHaveLength(2)
})

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
