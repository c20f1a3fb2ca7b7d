import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, md5Of, message, opened, read, tenant } from './attachments.fixture.ts'

const CONTENT = randomBytes(300_000)

/** A cache on disk that holds CONTENT of tenant t, and its file there. */
async function filled(options: Parameters<typeof opened>[0] = {}) {
  const cacheDiskDir = await folder()
  const { url, asked } = await tenant((_, response) => response.end(CONTENT))
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of(CONTENT) }], url)
  const attachments = await opened({ cacheDiskDir, ...options })
  await read(attachments, wanted)
  const [name = expect.fail()] = (await readdir(cacheDiskDir, { recursive: true })).filter((path) =>
    path.includes(md5Of(CONTENT)),
  )
  return { attachments, wanted, asked, cacheDiskDir, file: join(cacheDiskDir, name) }
}

test.each([
  ['emptied', (file: string) => truncate(file, 0)],
  ['cut', (file: string) => truncate(file, 1_000)],
  ['overwritten', (file: string) => writeFile(file, randomBytes(300_000))],
])('fetches anew what was %s on disk, and sends nothing of it', async (_how, damage) => {
  const { attachments, wanted, asked, file } = await filled()
  await damage(file)
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  expect(asked()).toBe(2)
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  expect(asked()).toBe(2)
})

test('fails before the end of a damaged file whose size and time say nothing, and then fetches anew', async () => {
  const { attachments, wanted, asked, file } = await filled()
  const { atime, mtime } = await stat(file)
  await writeFile(file, randomBytes(300_000))
  await utimes(file, atime, mtime)
  // The time of a file has more digits than can be set: only a process that has written it itself is sure.
  const before = asked()
  const first = await read(attachments, wanted).catch((error: Error) => error)
  if (first instanceof Error)
    expect(first.message).toBe('A cached attachment was damaged on disk; it is fetched again')
  else expect([first, asked()]).toEqual([[CONTENT], before + 1])
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  expect(asked()).toBe(before + 1)
})

test('verifies files of an earlier process before it serves them', async () => {
  const { wanted, asked, cacheDiskDir, file } = await filled()
  await truncate(file, 200_000)
  expect(await read(await opened({ cacheDiskDir }), wanted)).toEqual([CONTENT])
  expect(asked()).toBe(2)
})

test('sends without the cache when its folder is gone, and uses it again when it can', async () => {
  const { attachments, wanted, asked, cacheDiskDir } = await filled()
  await rm(cacheDiskDir, { recursive: true })
  // A file where the folder was: nothing can be read or written below it.
  await writeFile(cacheDiskDir, '')
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  await rm(cacheDiskDir)
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  const sofar = asked()
  expect(await read(attachments, wanted)).toEqual([CONTENT])
  expect(asked()).toBe(sofar)
})

test('removes leftovers of killed processes, and nothing that may still be written', async () => {
  const cacheDiskDir = await folder()
  const incoming = join(cacheDiskDir, 'incoming')
  await mkdir(incoming)
  const [dead, alive] = [randomUUID(), randomUUID()]
  for (const name of [dead, alive]) await writeFile(join(incoming, name), 'x')
  const longAgo = new Date(Date.now() - 301_000)
  await utimes(join(incoming, dead), longAgo, longAgo)
  await mkdir(join(cacheDiskDir, 'ab'))
  await writeFile(join(cacheDiskDir, 'ab', `ab${'0'.repeat(30)}`), 'of an earlier version, for all tenants')
  await opened({ cacheDiskDir, attachmentTotalTimeoutMs: 300_000 })
  expect(await readdir(incoming)).toEqual([alive])
  expect(await readdir(join(cacheDiskDir, 'ab'))).toEqual([])
})

test('removes the folder of a process that is no more', async () => {
  // 2^22 is the largest pid of Linux, and not in use here.
  const left = join(tmpdir(), `mailstorm-proxy-4194304-${randomUUID()}`)
  await mkdir(left)
  await opened()
  await expect(stat(left)).rejects.toThrow('ENOENT')
})

test('gives no tenant content cached by another, whatever MD5 it names', async () => {
  const { attachments, wanted } = await filled()
  const { url } = await tenant((_, response) => response.writeHead(404).end())
  const other = message(
    [{ filename: 'a', storage_path: 'p', content_md5: md5Of(CONTENT) }],
    url,
    null,
    'other',
  )
  await expect(read(attachments, other)).rejects.toThrow('HTTP 404')
  expect(await read(attachments, wanted)).toEqual([CONTENT])
})

test('ends a fetch that drips for too long, for all that wait for it', async () => {
  const { url } = await tenant((_, response) => drip(response))
  const attachments = await opened({ attachmentTotalTimeoutMs: 150 })
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of('x') }], url)
  const failed = await Promise.allSettled([read(attachments, wanted), read(attachments, wanted)])
  expect(failed.map((one) => one.status === 'rejected' && one.reason.message)).toEqual(
    Array(2).fill('Attachment fetch failed for a: it took more than 0.15 s'),
  )
})

test('aborts a fetch when nobody waits for it any more, and starts again for the next request', async () => {
  const answers: ServerResponse[] = []
  const { url } = await tenant((_, response) => {
    answers.push(response)
    if (answers.length === 1) drip(response)
    else response.end('content')
  })
  const attachments = await opened()
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of('content') }], url)
  const leaving = [new AbortController(), new AbortController()]
  const waiting = leaving.map(({ signal }) => read(attachments, wanted, signal).catch((error) => error))
  await expect.poll(() => answers).toHaveLength(1)
  leaving[0]?.abort(new Error('one has gone'))
  expect(await waiting[0]).toMatchObject({ message: expect.stringContaining('one has gone') })
  expect(answers[0]?.closed).toBe(false)
  leaving[1]?.abort(new Error('the other has gone'))
  await waiting[1]
  await expect.poll(() => answers[0]?.closed).toBe(true)
  expect(await read(attachments, wanted)).toEqual([Buffer.from('content')])
  expect(answers).toHaveLength(2)
})

/** A byte now and then, for ever: never silent, never done. */
function drip(response: ServerResponse): void {
  response.write('.')
  const timer = setInterval(() => response.write('.'), 20)
  response.once('close', () => clearInterval(timer))
}
