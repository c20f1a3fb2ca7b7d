import { expect, test } from 'vitest'
import { MIGRATIONS } from '../../src/programs/proxy/store/migrations.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { deliveries, Rig } from './rig.ts'

const freshDatabase = freshDatabases()

/** As the first version stored it: without the fields that came later. */
const mail = (attachments: readonly object[] = []) => {
  const [from, to] = [{ name: '', address: 'a@x.test' }, [{ name: 'B', address: 'b@y.test' }]]
  const lists = { cc: [], bcc: [], replyTo: [], headers: [['X-A', '1']], attachments }
  return JSON.stringify({ from, envelopeFrom: 'a@x.test', to, subject: 's', text: 'hi', ...lists })
}

test('takes over a database of the first version with messages in all states, and two proxies go on with it', async () => {
  await using rig = new Rig(await freshDatabase())
  const { databaseUrl: url } = rig
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  await query(
    url,
    'CREATE TABLE proxy_migrations (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
  )
  await query(url, String(MIGRATIONS[0]))
  await query(url, 'INSERT INTO proxy_migrations (version) VALUES (1)')
  await query(
    url,
    `INSERT INTO tenants (id, client_base_url, client_sync_path, suspended_batches) VALUES ('t', $1, '/sync', '{b}')`,
    [tenant.url],
  )
  await query(
    url,
    `INSERT INTO accounts (tenant_id, id, host, port, tls, limit_per_minute, limit_behavior)
      VALUES ('t', 'a', '127.0.0.1', $1, 'none', NULL, 'defer'), ('t', 'limited', '127.0.0.1', $1, 'none', 3, 'defer')`,
    [sink.smtpPort],
  )
  const add = async (id: string, set = '', payload = mail(), account = 'a') => {
    const text = `INSERT INTO messages (tenant_id, id, account_id, priority, payload, payload_bytes)
      VALUES ('t', $1, $2, 2, $3, 100) RETURNING pk`
    const [row] = await query(url, text, [id, account, payload])
    if (set !== '') await query(url, `UPDATE messages SET ${set} WHERE pk = $1`, [row?.pk])
    return row?.pk
  }
  await add('pending')
  await add('attached', '', mail([{ filename: 'a.txt', mode: 'base64', source: 'eA==' }]))
  await add(
    'deferred',
    `attempts = 2, recipients_done = '[{"address":"c@y.test"}]',
    available_at = now() + interval '2 s'`,
  )
  await add('claimed', `claims = 1, claim = gen_random_uuid(), available_at = now() + interval '2 s'`)
  await add('abandoned', `claims = 2, claim = gen_random_uuid(), available_at = now() - interval '2 s'`)
  await add('held', `held = true, batch_code = 'b'`)
  await add('failed', `state = 'error', error = 'x', done_at = now()`)
  await add('refused', `state = 'refused', error = 'x', done_at = now()`, '', '')
  const owed = await add('owed', `state = 'sent', done_at = now()`)
  await query(
    url,
    `INSERT INTO message_events (tenant_id, message_pk, message_id, type) VALUES ('t', $1, 'owed', 'sent')`,
    [owed],
  )
  const done = await add('counted', `state = 'sent', done_at = now()`, mail(), 'limited')
  await query(url, `INSERT INTO rate_slots VALUES ($1, 't', 'limited', now())`, [done])
  for (let n = 1; n <= 4; n++) await add(`limited-${n}`, '', mail(), 'limited')

  const options = { syncIntervalMs: 50, sendLoopIntervalMs: 50 }
  const [{ api }] = await Promise.all([rig.proxy(options), rig.proxy(options)])
  // Of the limited ones as many as the limit leaves beside the one that the first version counted.
  const sent = ['pending', 'attached', 'deferred', 'claimed', 'abandoned', 'limited-1', 'limited-2']
  await expect
    .poll(() => tenant.idsOf('sent_ts').toSorted(), { timeout: 30_000 })
    .toEqual([...sent, 'owed'].toSorted())
  await api.post('/commands/activate', { tenant_id: 't', batch_code: 'b' })
  await expect.poll(() => tenant.idsOf('sent_ts'), { timeout: 30_000 }).toContain('held')
  expect(await deliveries(sink)).toEqual(new Map([...sent, 'held'].map((id) => [id, 1])))
}, 40_000)
