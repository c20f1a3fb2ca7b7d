// @module-tag long

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { missing } from '../wild-server.ts'
import { look, startCatcher } from './catcher.fixture.ts'

const skipAll = missing('inbucket')

testStore({
  implementation: 'inbucket',
  start: () =>
    startCatcher('inbucket', {
      options: ['INBUCKET_STORAGE_MAILBOXMSGCAP=0'],
      recipients: ['alice@example.test', 'bob@other.test', 'sender@example.test'],
    }),
  skipAll,
})

test.skipIf(skipAll !== undefined)('tells that a mailbox keeps 500, and how many were gone', async () => {
  await using running = await startCatcher('inbucket', { recipients: ['a@example.test'] })
  const { store, deliver } = running
  const mail = (number: number) => ({ recipient: 'a@example.test', octets: testMail({ runId: 'a', number }) })
  await deliver([mail(0)])
  await store.check()
  await deliver(Array.from({ length: 620 }, (_, number) => mail(number)))
  expect(await look(store)).toHaveLength(500)
  expect(store.limits()).toContain(
    'keeps 500 messages to a mailbox: 120 were gone from a before they were read',
  )
})

test.skipIf(skipAll !== undefined)(
  'tells the same of its store in files, whose ids number nothing',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailstorm-inbucket-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    await using running = await startCatcher('inbucket', {
      options: [
        'INBUCKET_STORAGE_TYPE=file',
        `INBUCKET_STORAGE_PARAMS=path:${folder}`,
        'INBUCKET_STORAGE_MAILBOXMSGCAP=30',
      ],
      recipients: ['a@example.test'],
    })
    const { store, deliver } = running
    const mails = (from: number) =>
      Array.from({ length: 20 }, (_, index) => ({
        recipient: 'a@example.test',
        octets: testMail({ runId: 'a', number: from + index }),
      }))
    await store.check()
    await deliver(mails(0))
    await store.glance?.(new AbortController().signal)
    expect(store.limits()).toBeUndefined()
    await deliver(mails(20))
    expect(await look(store)).toHaveLength(30)
    expect(store.limits()).toContain('keeps 30 messages to a mailbox: the oldest of a may have been gone')
  },
)

test.skipIf(skipAll !== undefined)(
  'does not say whose a copy is where name and name+tag are one mailbox',
  async () => {
    const recipients = ['a@example.test', 'a+tag@example.test', 'b@example.test']
    await using running = await startCatcher('inbucket', { recipients })
    await running.store.check()
    await running.deliver(
      recipients.map((recipient, number) => ({ recipient, octets: testMail({ runId: 'a', number }) })),
    )
    const found = await look(running.store)
    expect(found.map(({ recipient }) => recipient)).toEqual([undefined, undefined, 'b@example.test'])
  },
)
