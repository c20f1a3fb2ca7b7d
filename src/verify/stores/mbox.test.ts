import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testMail } from '../message.fixture.ts'
import { type Delivery, testStore } from '../store.contract.ts'
import { MboxStore } from './mbox.ts'

const none = new AbortController().signal

/** As Postfix's local(8) and Exim's appendfile write it: a From line, LF, quoted From lines, an empty line at the end. */
function entryOf({ octets }: Pick<Delivery, 'octets'>): Buffer {
  const time = new Date().toString().replace(/^(\w+ \w+ )(\d+) (\d+) ([\d:]+).*$/, '$1$2 $4 $3')
  const text = octets
    .toString('latin1')
    .replaceAll('\r\n', '\n')
    .replace(/^(>*From )/gm, '>$1')
  return Buffer.from(`From sender@example.test ${time}\n${text}\n`, 'latin1')
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-mbox-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

testStore({
  implementation: 'mbox',
  async start() {
    const root = await mkdtemp(join(tmpdir(), 'mailstorm-mbox-'))
    return {
      store: new MboxStore(join(root, '{user}@{domain}')),
      async deliver(mails) {
        const files = new Map<string, Buffer[]>()
        for (const mail of mails) {
          const path = join(root, mail.recipient)
          files.set(path, [...(files.get(path) ?? []), entryOf(mail)])
        }
        for (const [path, entries] of files) await appendFile(path, Buffer.concat(entries))
      },
      [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
    }
  },
})

test('a message that is still being written is told when it is whole', async () => {
  const path = join(await newFolder(), 'mbox')
  const entry = entryOf({ octets: testMail({ runId: 'a', number: 1 }) })
  await writeFile(path, '')
  const store = new MboxStore(path)
  await store.check()
  await appendFile(path, entry.subarray(0, 400))
  expect(await Array.fromAsync(store.arrivals('a', none))).toEqual([])
  await appendFile(path, entry.subarray(400))
  expect(await Array.fromAsync(store.arrivals('a', none))).toMatchObject([{ body: 'intact' }])
})

test('a file that was replaced is read anew', async () => {
  const path = join(await newFolder(), 'mbox')
  await writeFile(path, entryOf({ octets: testMail({ runId: 'b', number: 1 }) }))
  const store = new MboxStore(path)
  await store.check()
  await writeFile(`${path}.new`, entryOf({ octets: testMail({ runId: 'a', number: 1 }) }))
  await rename(`${path}.new`, path)
  expect(await Array.fromAsync(store.arrivals('a', none))).toHaveLength(1)
})

test('what is no file, or is not there, is told before the load', async () => {
  const folder = await newFolder()
  await expect(new MboxStore(folder).check()).rejects.toThrow(
    `Failed to read the mbox ${folder}: it is a folder.`,
  )
  await expect(new MboxStore(join(folder, 'missing')).check()).rejects.toMatchObject({ code: 'VERIFY_STORE' })
})
