import { expect, test } from 'vitest'
import { RawClient } from '../server/raw-client.ts'
import { FaultServerThread } from './fault-thread.ts'

test('a server in a thread takes mail, tells its counts, and its ledger can be read from here', async () => {
  await using server = await FaultServerThread.start({ rate: { perSecond: 0.001, burst: 1 } })
  const client = await RawClient.ready(server.port, server.host)
  expect(await client.send('X-Mailstorm-Id: run-1\r\n\r\nbody\r\n')).toBe('250 2.0.0 taken')
  expect(await client.say('MAIL FROM:<a@x.test>')).toMatch(/^451 /)
  expect(await server.counts()).toMatchObject({ connections: 1, accepted: 1, refused: { mail: 1 } })
  expect(await server.ledger('run')).toMatchObject({ accepted: 1, corrupted: 0 })
  expect(await Array.fromAsync(server.entries('run'))).toMatchObject([{ id: 'run-1', intact: true }])
  client.close()
})

test('refuses a bad plan before a thread is started', async () => {
  await expect(FaultServerThread.start({ rate: { perSecond: -1 } })).rejects.toThrow('rate.perSecond is -1')
})
