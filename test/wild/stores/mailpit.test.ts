// @module-tag long

import { expect, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { missing } from '../wild-server.ts'
import { look, startCatcher } from './catcher.fixture.ts'
import { deliverToAll } from './delivery.fixture.ts'

const skipAll = missing('mailpit')

testStore({ implementation: 'Mailpit', start: () => startCatcher('mailpit'), skipAll })

test.skipIf(skipAll !== undefined)('tells every recipient of a message with several', async () => {
  await using running = await startCatcher('mailpit')
  const recipients = ['a@example.test', 'b+tag@example.test', 'c@other.test']
  await running.store.check()
  const octets = testMail({ runId: 'a', number: 1, recipient: 'someone@example.test' })
  await deliverToAll(running.port, recipients, octets)
  const found = await look(running.store)
  expect(found.map(({ recipient }) => recipient).toSorted()).toEqual(recipients)
})

test.skipIf(skipAll !== undefined)(
  'tells that it has deleted messages, once it has, and how many it keeps',
  { timeout: 90_000 },
  async () => {
    await using running = await startCatcher('mailpit', { options: ['--max', '100'] })
    await running.store.check()
    const mails = Array.from({ length: 150 }, (_, number) => ({
      recipient: 'a@example.test',
      octets: testMail({ runId: 'a', number }),
    }))
    await running.deliver(mails)
    // Once a minute it deletes what is over its maximum.
    await expect
      .poll(() => look(running.store).then(() => running.store.limits()), { timeout: 80_000 })
      .toContain('has deleted 50 messages since the run began and keeps 100')
  },
)

test.skipIf(skipAll !== undefined)('tells before the run that doubled messages do not show', async () => {
  const notes: string[] = []
  await using running = await startCatcher('mailpit', { options: ['--ignore-duplicate-ids'], notes })
  await running.store.check()
  expect(notes).toEqual([
    'Mailpit drops a second message of the same Message-ID (--ignore-duplicate-ids): none is seen as doubled.',
  ])
})
