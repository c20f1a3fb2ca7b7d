import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testMail } from '../message.fixture.ts'
import { type Delivery, testStore } from '../store.contract.ts'
import { patternOf } from './mailboxes.ts'
import { MaildirStore } from './maildir.ts'
import { storeOf } from './registry.ts'

let delivered = 0

/** As a delivery agent does: a whole file in tmp, then moved to new (https://cr.yp.to/proto/maildir.html). */
async function deliverTo(folder: string, { octets }: Pick<Delivery, 'octets'>): Promise<string> {
  for (const place of ['tmp', 'new', 'cur']) await mkdir(join(folder, place), { recursive: true })
  const name = `${Math.floor(Date.now() / 1000)}.M${++delivered}P${process.pid}.host`
  // Files on this machine end lines with LF.
  await writeFile(join(folder, 'tmp', name), octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  await rename(join(folder, 'tmp', name), join(folder, 'new', name))
  return name
}

async function newRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mailstorm-maildir-'))
}

testStore({
  implementation: 'maildir',
  async start() {
    const root = await newRoot()
    return {
      store: new MaildirStore(join(root, '{domain}', '{user}', 'Maildir')),
      async deliver(mails) {
        for (const mail of mails) {
          const [user = '', domain = ''] = mail.recipient.split('@')
          await deliverTo(join(root, domain, user, 'Maildir'), mail)
        }
      },
      [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
    }
  },
})

test('a message that a reader marks as seen, or that lies in a subfolder, is told once', async () => {
  const root = await newRoot()
  onTestFinished(() => rm(root, { recursive: true }))
  const name = await deliverTo(root, { octets: testMail({ runId: 'a', number: 1 }) })
  await deliverTo(join(root, '.Junk'), { octets: testMail({ runId: 'a', number: 2 }) })
  const store = new MaildirStore(root)
  const look = () => Array.fromAsync(store.arrivals('a', new AbortController().signal))
  expect(await look()).toHaveLength(2)
  await rename(join(root, 'new', name), join(root, 'cur', `${name}:2,S`))
  expect(await look()).toEqual([])
})

test('a folder that is no maildir, or is not there, is told before the load', async () => {
  const root = await newRoot()
  onTestFinished(() => rm(root, { recursive: true }))
  await expect(new MaildirStore(root).check()).rejects.toThrow(
    `Failed to read the maildir ${root}: it has no folders new and cur.`,
  )
  const missing = join(root, 'nobody', '{user}')
  await expect(new MaildirStore(missing).check()).rejects.toMatchObject({
    code: 'VERIFY_STORE',
    message: expect.stringContaining('ENOENT'),
  })
})

test('a template finds user and domain in the names of folders', () => {
  expect(patternOf('{user}@{domain}').exec('a.b@c.test')?.groups).toEqual({ user: 'a.b', domain: 'c.test' })
  expect(patternOf('mail-{user}').exec('mailxa')).toBeNull()
})

test.each([
  ['maildri:/x', 'is not known; did you mean maildir'],
  ['maildir:', 'has no path'],
  ['maildir:/x/{name}', 'has {name}, and only {user} and {domain} can stand there'],
  ['', 'is not known'],
])('refuses %j with one clear sentence', async (text, why) => {
  const context = { allowPublicTargets: false, note: () => undefined }
  await expect(storeOf(text, context)).rejects.toMatchObject({
    code: 'BAD_OPTIONS',
    message: expect.stringContaining(
      `Failed to read where the mail ends up: ${JSON.stringify(text)} ${why}.`,
    ),
  })
})

test('no store is a choice too', async () => {
  expect(await storeOf('none', { allowPublicTargets: false, note: () => undefined })).toBeUndefined()
})
