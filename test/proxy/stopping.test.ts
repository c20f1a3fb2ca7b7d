import { expect, test } from 'vitest'
import { say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()
const soon = { timeout: 10_000, interval: 20 }

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
