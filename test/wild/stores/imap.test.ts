// @module-tag long

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testMail } from '../../../src/verify/message.fixture.ts'
import { testStore } from '../../../src/verify/store.contract.ts'
import { ImapStore } from '../../../src/verify/stores/imap.ts'
import { storeOf } from '../../../src/verify/stores/registry.ts'
import { missing, startWildStore } from '../wild-server.ts'
import { look } from './catcher.fixture.ts'
import { deliver } from './delivery.fixture.ts'

const skipAll = missing('dovecot')
const context = { allowPublicTargets: false, note: () => undefined }

testStore({
  implementation: 'IMAP (Dovecot)',
  async start() {
    const server = await startWildStore('dovecot')
    const users = ['alice@example.test', 'bob@other.test', 'sender@example.test']
    const mailboxes = users.map((user) => ({ user, pass: 'pass', folder: 'INBOX', owner: user }))
    const [port] = server.readPorts
    return {
      store: new ImapStore(
        { scheme: 'imap', host: '127.0.0.1', port, tls: 'unverified', mailboxes },
        context,
      ),
      deliver: (mails) => deliver(server.port, mails, 'LHLO'),
      [Symbol.asyncDispose]: async () => server[Symbol.dispose](),
    }
  },
  skipAll,
})

const real = test.skipIf(skipAll !== undefined)

async function openStore(text: string) {
  const store = await storeOf(text, context)
  if (store === undefined) throw new Error('no store')
  return store
}

real('reads a hundred mailboxes by a template, each copy with its owner', { timeout: 60_000 }, async () => {
  using server = await startWildStore('dovecot')
  const store = await openStore(
    `imap://user{1..100}%40example.test:pass@127.0.0.1:${server.readPorts[0]}?tls=none`,
  )
  await store.check()
  const users = Array.from({ length: 100 }, (_, index) => `user${index + 1}@example.test`)
  await deliver(
    server.port,
    users.map((recipient, number) => ({ recipient, octets: testMail({ runId: 'a', number, recipient }) })),
    'LHLO',
  )
  const found = await look(store)
  expect(found.map(({ recipient }) => recipient)).toEqual(users)
  expect(await look(store)).toEqual([])
  await store[Symbol.asyncDispose]()
})

real('reads the mailboxes of a CSV file, whoever their users are', { timeout: 60_000 }, async () => {
  using server = await startWildStore('dovecot')
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-imap-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'users.csv')
  writeFileSync(
    file,
    '\ufeffuser,pass,address\nalice@example.test,pass,\nbob@other.test,pass,robert@example.test\n',
  )
  const store = await openStore(`imap://127.0.0.1:${server.readPorts[0]}?tls=none&accounts=${file}`)
  await store.check()
  const users = ['alice@example.test', 'bob@other.test']
  await deliver(
    server.port,
    users.map((recipient, number) => ({ recipient, octets: testMail({ runId: 'a', number, recipient }) })),
    'LHLO',
  )
  const found = await look(store)
  expect(found.map(({ recipient }) => recipient)).toEqual(['alice@example.test', 'robert@example.test'])
  await store[Symbol.asyncDispose]()
  writeFileSync(file, 'user,pass\nalice@example.test,s3cret-no\n,x\n')
  await expect(openStore(`imap://127.0.0.1?accounts=${file}`)).rejects.toMatchObject({
    code: 'BAD_ACCOUNTS',
    message: expect.stringMatching(
      /^Failed to read the mailboxes in [^ ]+: account 2 has no user or no pass\.$/,
    ),
  })
})

real(
  'says before the load what is wrong with login, certificate, folder or port',
  { timeout: 60_000 },
  async () => {
    using server = await startWildStore('dovecot')
    const [imap, imaps] = server.readPorts
    const cases: readonly [string, RegExp][] = [
      [
        `imap://alice:s3cret-no@127.0.0.1:${imap}?tls=none`,
        /^Failed to read the mailbox of alice at imap:\/\/127\.0\.0\.1:\d+: the server refuses user or password/,
      ],
      [
        `imaps://alice:pass@127.0.0.1:${imaps}`,
        /its certificate for 127\.0\.0\.1 is not accepted: self-signed certificate\.\nTrust it by NODE_EXTRA_CA_CERTS/,
      ],
      [`imap://alice:pass@127.0.0.1:${imap}/Nowhere?tls=unverified`, /it has no folder Nowhere/],
      [`imap://alice:pass@127.0.0.1:${imaps}`, /imaps:\/\//],
      [`imaps://alice:pass@127.0.0.1:${imap}`, /is not TLS.*\n.*imap:\/\//],
      [`imap://alice:pass@127.0.0.1:${server.port}`, /does not greet as an IMAP server/],
      [`imap://alice:pass@127.0.0.1:1`, /the connection was refused/],
    ]
    for (const [text, expected] of cases) {
      const store = await openStore(text)
      const error = await store.check().catch((reason: Error) => reason)
      expect(error).toMatchObject({ code: 'VERIFY_STORE', message: expect.stringMatching(expected) })
      expect(error?.message).not.toContain('s3cret-no')
      await store[Symbol.asyncDispose]()
    }
  },
)
