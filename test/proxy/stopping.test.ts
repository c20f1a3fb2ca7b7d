import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { query } from './new-database.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 30_000, interval: 20 }

test('ends what it is sending when it is stopped, and leaves the rest to others at once', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ dot: [wait(500), say('250 ok')] }))
  const first = await rig.proxy({ poolSize: 2, stopTimeoutMs: 10_000 })
  await setUp(first.api, { smtpPort: server.port })
  await enqueue(first.api, messages(6))
  await expect.poll(() => first.api.metric('gmp_in_flight'), soon).toBe(2)
  await first.stop()
  const second = await rig.proxy()
  await expect.poll(() => second.api.metric('gmp_sent_total'), soon).toBe(4)
  const ids = server.sessions.flatMap((session) => session.messages).map(({ rcpt }) => String(rcpt))
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted())
  expect(ids).toHaveLength(6)
})

test('cuts off what does not end in time when it is stopped, and loses nothing', async () => {
  await using rig = new Rig(await freshDatabase())
  const server = rig.use(await ScriptedServer.start({ data: { first: [[wait(60_000)]] } }))
  const first = await rig.proxy({ stopTimeoutMs: 200 })
  await setUp(first.api, { smtpPort: server.port })
  await enqueue(first.api, messages(1))
  await expect.poll(() => first.api.metric('gmp_in_flight'), soon).toBe(1)
  const beganAtMs = performance.now()
  await first.stop()
  expect(performance.now() - beganAtMs).toBeLessThan(5_000)
  const second = await rig.proxy()
  await expect.poll(() => second.api.metric('gmp_sent_total'), soon).toBe(1)
})

test.each(['sends a request', 'reads an answer'])(
  'does not wait for a client that %s without end',
  { timeout: 40_000 },
  async (what) => {
    await using rig = new Rig(await freshDatabase())
    const largeFilesDir = await mkdtemp(join(tmpdir(), 'proxy-stopping-'))
    onTestFinished(() => rm(largeFilesDir, { recursive: true }))
    const sink = await rig.sink()
    const proxy = await rig.proxy({ stopTimeoutMs: 500, largeFilesDir, publicUrl: 'https://files.test' })
    const large_file_config = { enabled: true, max_size_mb: 1, action: 'rewrite' }
    await setUp(proxy.api, { smtpPort: sink.smtpPort, tenant: { large_file_config } })
    // More than the kernel keeps for a reader that does not read.
    const content = Buffer.alloc(16 * 1024 ** 2).toString('base64')
    await enqueue(proxy.api, messages(1, { attachments: [{ filename: 'large.bin', content }] }))
    await sink.client.waitForCount(1, 15_000)
    const [file] = await query(rig.databaseUrl, 'SELECT id FROM large_files')
    const client = connect(Number(new URL(proxy.url).port), '127.0.0.1')
    client.on('error', () => {})
    const head = 'HTTP/1.1\r\nHost: proxy\r\n'
    client.write(
      what === 'sends a request'
        ? `POST /tenant ${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
        : `GET /files/${file?.id}/large.bin ${head}\r\n`,
    )
    await (what === 'reads an answer' ? once(client, 'readable') : delay(200))
    const ended = proxy.stop().then(() => 'ended')
    expect(await Promise.race([ended, delay(8_000, 'still there')])).toBe('ended')
    client.destroy()
  },
)
