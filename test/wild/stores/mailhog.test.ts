// @module-tag long

import { expect, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { missing } from '../wild-server.ts'
import { look, startCatcher } from './catcher.fixture.ts'
import { deliverToAll } from './delivery.fixture.ts'

const skipAll = missing('mailhog')

testStore({ implementation: 'MailHog', start: () => startCatcher('mailhog'), skipAll })

test.skipIf(skipAll !== undefined)(
  'calls octets that MailHog cannot show unknown, and not damaged',
  async () => {
    await using running = await startCatcher('mailhog')
    const { store, port } = running
    await store.check()
    const latin1 = Buffer.from(
      testMail({ runId: 'a', number: 1, body: 'f\u00fcnf\r\n' }).toString('utf8'),
      'latin1',
    )
    await deliverToAll(port, ['a@example.test', 'b@example.test'], latin1)
    expect(await look(store)).toMatchObject([
      { recipient: 'a@example.test', body: 'unknown' },
      { recipient: 'b@example.test', body: 'unknown' },
    ])
  },
)
