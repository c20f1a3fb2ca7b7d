import { expect, test } from 'vitest'
import { say } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { runLoad } from '../load.ts'

const LOAD = {
  executor: 'shared-iterations',
  messages: 3,
  workers: 1,
  size: 'small',
  recipient: 'jürgen{1..9}@example.test',
} as const

test('addresses beyond ASCII go to no server that does not offer SMTPUTF8: the load does not begin', async () => {
  await using server = await ScriptedServer.start({})
  const started = runLoad({ ...LOAD, targets: [`127.0.0.1:${server.port}`] })
  await expect(started).rejects.toThrow(
    /addresses beyond ASCII need SMTPUTF8 \(RFC 6531\), which 127\.0\.0\.1:\d+ does not offer/,
  )
  expect(server.sessions.flatMap(({ messages }) => messages)).toEqual([])
})

test('they go to one that does', async () => {
  await using server = await ScriptedServer.start({
    ehlo: [say('250-scripted', '250-8BITMIME', '250 SMTPUTF8')],
  })
  const { metrics, workload } = await runLoad({ ...LOAD, targets: [`127.0.0.1:${server.port}`] })
  expect(metrics.outcomes.accepted).toBe(3)
  expect(workload.recipient).toBe(LOAD.recipient)
})
