// @module-tag long

import { expect, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { storeOf } from '../../../src/verify/stores/registry.ts'
import { missing, startWildStore } from '../wild-server.ts'
import { deliver, deliverToAll } from './delivery.fixture.ts'

const skipAll = missing('mailpit')

async function start(options: readonly string[] = []) {
  const server = await startWildStore('mailpit', options)
  const context = { allowPublicTargets: false, note: () => undefined }
  const store = await storeOf(`mailpit:http://127.0.0.1:${server.readPorts[0]}`, context)
  if (store === undefined) throw new Error('no store')
  return {
    store,
    port: server.port,
    deliver: (mails: Parameters<typeof deliver>[1]) => deliver(server.port, mails),
    [Symbol.asyncDispose]: async () => server[Symbol.dispose](),
  }
}

testStore({ implementation: 'Mailpit', start, skipAll })

test.skipIf(skipAll !== undefined)('tells every recipient of a message with several', async () => {
  await using running = await start()
  const recipients = ['a@example.test', 'b+tag@example.test', 'c@other.test']
  const octets = testMail({ runId: 'a', number: 1, recipient: 'someone@example.test' })
  await running.store.check()
  await deliverToAll(running.port, recipients, octets)
  const found = await Array.fromAsync(running.store.arrivals('a', new AbortController().signal))
  expect(found.map(({ recipient }) => recipient).toSorted()).toEqual(recipients)
})
