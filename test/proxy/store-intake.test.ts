import { expect, test } from 'vitest'
import { takeMessages } from '../../src/programs/proxy/store/intake.ts'
import { recordOutcomes } from '../../src/programs/proxy/store/outcomes.ts'
import { unreported } from '../../src/programs/proxy/store/sync.ts'
import { setSuspended, Tenants } from '../../src/programs/proxy/store/tenants.ts'
import { query } from './new-database.ts'

import { account, claim, client, ids, message, outcome, prepared, unlimited } from './store-scene.ts'

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

test('does not change a queued message when its id is submitted again with an unknown account', async () => {
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

test('accepts from a tenant’s token only that tenant’s messages', async () => {
  const { db } = await prepared()
  await new Tenants(db).save('other', { name: null, active: true, client, ...unlimited })
  const options = { onlyTenantId: 'other', tenantId: 'other' }
  const result = await takeMessages(db, [message('m')], options)
  expect(result).toEqual({
    queued: 0,
    rejected: [{ id: 'm', reason: 'tenant_id is not that of the token' }],
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
