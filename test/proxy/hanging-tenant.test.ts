// @module-tag long

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()

/** A server that greets, answers up to `last`, and is silent from then on; `pauseMs` before each reply. */
async function server(rig: Rig, last: 'nothing' | 'RCPT' | 'DATA' | 'all', pauseMs = 0): Promise<number> {
  const listening = createServer((socket) => {
    socket.on('error', () => {})
    let [inData, silent, input] = [false, last === 'nothing', '']
    const reply = (text: string) => void setTimeout(() => socket.write(`${text}\r\n`), pauseMs)
    if (!silent) reply('220 hanging.test ESMTP')
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1')
      for (let end = input.indexOf('\r\n'); end !== -1 && !silent; end = input.indexOf('\r\n')) {
        const line = input.slice(0, end)
        input = input.slice(end + 2)
        if (inData) {
          if (line !== '.') continue
          inData = false
          if (last === 'DATA') silent = true
          else reply('250 2.0.0 taken')
          continue
        }
        inData = line === 'DATA'
        if (last === 'RCPT' && line.startsWith('RCPT')) silent = true
        else reply(inData ? '354 go ahead' : '250 2.0.0 fine')
      }
    })
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  rig.use({
    [Symbol.asyncDispose]: async () => {
      listening.close()
    },
  })
  return (listening.address() as AddressInfo).port
}

/** Milliseconds from submission to `sent` of messages of priority 0, one after another. */
async function timesOf(api: ApiClient, from: string, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const [one] = messages(1, { id: `${from}-${n}`, priority: 0 }, 'other')
    const beganAtMs = performance.now()
    await enqueue(api, [one as object])
    const sent = async () => {
      const { body } = await api.get(`/messages?tenant_id=other&limit=1000`)
      const all = body.messages as readonly { id: string; state: string }[]
      return all.find(({ id }) => id === `${from}-${n}`)?.state
    }
    await expect.poll(sent, { timeout: 30_000, interval: 5 }).toBe('sent')
    times.push(performance.now() - beganAtMs)
  }
  return times.toSorted((a, b) => a - b)
}

const p95 = (sorted: readonly number[]) => sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN

function drip(response: ServerResponse): void {
  response.write('.')
  const timer = setInterval(() => response.write('.'), 100)
  response.once('close', () => clearInterval(timer))
}

test('a tenant that hangs in every way holds up no other, nor the end of the process', {
  timeout: 120_000,
}, async () => {
  await using rig = new Rig(await freshDatabase())
  const tenant = await rig.tenant()
  // Slow enough that the machine's own noise is small beside it.
  const slow = await server(rig, 'all', 40)
  const proxy = await rig.proxy({ maxInFlight: 40, poolSize: 10, syncIntervalMs: 100, syncTimeoutMs: 60_000 })
  const { api } = proxy
  await setUp(api, { tenantId: 'other', smtpPort: slow })
  const alone = await timesOf(api, 'alone', 20)

  await setUp(api, { tenantId: 't', tenantUrl: tenant.url, smtpPort: slow })
  const hanging = { connecting: 'nothing', envelope: 'RCPT', accepting: 'DATA' } as const
  for (const [id, last] of Object.entries(hanging))
    await api.post('/account', {
      id,
      tenant_id: 't',
      host: '127.0.0.1',
      port: await server(rig, last),
      use_tls: false,
    })
  for (let n = 0; n < 10; n++)
    await api.post('/account', {
      id: `slow-${n}`,
      tenant_id: 't',
      host: '127.0.0.1',
      port: slow,
      use_tls: false,
    })
  tenant.usual = () => {}
  tenant.files = (path, response) => {
    if (path !== 'silent') drip(response)
  }
  const shared = { attachments: [{ filename: 'a', storage_path: 'drips', content_md5: '0'.repeat(32) }] }
  const streamed = { attachments: [{ filename: 'a', storage_path: 'drips' }] }
  const silent = { attachments: [{ filename: 'a', storage_path: 'silent' }] }
  const submit = (id: string, count: number, change: object) =>
    enqueue(
      api,
      messages(count, change).map((one, n) => ({ ...one, id: `${id}-${n}` })),
    )
  for (let n = 0; n < 10; n++) {
    await submit(`shared-${n}`, 30, { account_id: `slow-${n}`, ...shared })
    await submit(`streamed-${n}`, 30, { account_id: `slow-${n}`, ...streamed, priority: 0 })
    await submit(`silent-${n}`, 10, { account_id: `slow-${n}`, ...silent })
  }
  for (const account_id of Object.keys(hanging)) await submit(account_id, 30, { account_id, priority: 0 })
  await submit('large', 20, { account_id: 'connecting', body: 'x'.repeat(1_000_000) })
  await expect.poll(() => api.metric('gmp_in_flight'), { timeout: 30_000 }).toBeGreaterThan(20)

  const beside = await timesOf(api, 'beside', 20)
  expect(p95(beside)).toBeLessThan(2 * p95(alone))
  const stoppingAtMs = performance.now()
  await proxy.stop()
  expect(performance.now() - stoppingAtMs).toBeLessThan(10_000)
})
