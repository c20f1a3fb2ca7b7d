import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedPostgres, type RunningPostgres } from './postgres/postgres.ts'
import { embeddedProxy } from './proxy.ts'

let postgres: RunningPostgres
beforeAll(async () => {
  postgres = await embeddedPostgres().start()
})
afterAll(() => postgres.stop())

test('answers at its URL as soon as it is started, and not once it is stopped', async () => {
  const proxy = await embeddedProxy({ databaseUrl: postgres.url, apiToken: 'a-token-of-ours' }).start()
  expect(await (await fetch(`${proxy.url}/health`)).json()).toEqual({ status: 'ok', ok: true })
  expect((await fetch(`${proxy.url}/status`)).status).toBe(401)
  const usage = await proxy.usage()
  expect(usage?.memoryBytes).toBeGreaterThan(20 * 1024 ** 2)
  await proxy.stop()
  expect(proxy.endedBy).toBeUndefined()
  await expect(fetch(`${proxy.url}/health`)).rejects.toThrow('fetch failed')
})

test('says that it was killed', async () => {
  const proxy = await embeddedProxy({ databaseUrl: postgres.url }).start()
  process.kill(proxy.pid, 'SIGKILL')
  expect(await proxy.ended).toMatchObject({ by: 'killed by SIGKILL' })
})

test('tells what is wrong with its variables when it cannot start', async () => {
  const environment = { GMP_POOL_SIZE: 'many' }
  const started = embeddedProxy({ databaseUrl: postgres.url, environment }).start()
  await expect(started).rejects.toThrow('GMP_POOL_SIZE="many" is not a whole number.')
})

test('tells that its database is not there', async () => {
  const started = embeddedProxy({ databaseUrl: 'postgresql://u:p@127.0.0.1:1/d' }).start()
  await expect(started).rejects.toThrow('Failed to start the proxy: connect ECONNREFUSED 127.0.0.1:1.')
})
