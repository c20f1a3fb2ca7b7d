// @module-tag long

import { expect, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { missing } from '../wild-server.ts'
import { look, startCatcher } from './catcher.fixture.ts'

const skipAll = missing('maildev')

testStore({
  implementation: 'MailDev',
  start: () => startCatcher('maildev'),
  skipAll,
  knowsTimes: false,
  timeoutMs: 120_000,
  skip: [
    {
      reason: 'MailDev takes minutes for 20,000 messages',
      tests: ['finds 20,000 messages within 60 s, and keeps little of them in memory'],
    },
  ],
})

test.skipIf(skipAll !== undefined)(
  'tells that it drops the oldest, and still finds what is there',
  { timeout: 120_000 },
  async () => {
    await using running = await startCatcher('maildev', { options: ['--max-emails', '100'] })
    const { store, deliver } = running
    const mails = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        recipient: 'a@example.test',
        octets: testMail({ runId: 'a', number: from + index }),
      }))
    await store.check()
    await deliver(mails(0, 80))
    expect(await look(store)).toHaveLength(80)
    expect(store.limits()).toBeUndefined()
    await deliver(mails(80, 80))
    expect(await look(store)).toHaveLength(80)
    expect(store.limits()).toContain('has dropped its oldest messages and keeps 100')
  },
)
