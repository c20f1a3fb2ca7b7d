import { randomBytes } from 'node:crypto'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { folder, md5Of, message, never, opened, read, tenant } from './attachments.fixture.ts'
import { AttachmentCache } from './cache.ts'

test('asks once for content that many want at the same time, then not at all', async () => {
  const content = randomBytes(300_000)
  const { url, asked } = await tenant((_, response) => response.end(content))
  const attachments = await opened()
  const wanted = message([{ filename: `a_{MD5:${md5Of(content)}}.bin`, storage_path: 'p' }], url)
  const all = await Promise.all(Array.from({ length: 20 }, () => read(attachments, wanted)))
  expect(all.flat().every((got) => got.equals(content))).toBe(true)
  expect(await read(attachments, wanted)).toEqual([content])
  expect(asked()).toBe(1)
})

test('asks once although another looked before the content was there, and has found nothing after it', async () => {
  const looks: PromiseWithResolvers<undefined>[] = []
  const kept = new Map<string, Buffer>()
  const cache = new AttachmentCache({
    memory: { get: (key) => kept.get(key), put: (key, content) => void kept.set(key, content) },
    disk: {
      get() {
        const look = Promise.withResolvers<undefined>()
        looks.push(look)
        return look.promise
      },
      put: () => Promise.reject(new Error('small content is not for the disk')),
    },
    thresholdBytes: 100,
    fetchTimeoutMs: 10_000,
    looked: () => {},
  })
  let fetches = 0
  const fetch = async () => {
    fetches++
    return Readable.from([Buffer.from('content')])
  }
  const wanted = { tenantId: 't', md5: md5Of('content'), signal: never }
  const both = [cache.content(wanted, fetch), cache.content(wanted, fetch)]
  looks[0]?.resolve(undefined)
  expect(await both[0]).toEqual(Buffer.from('content'))
  looks[1]?.resolve(undefined)
  expect(await both[1]).toEqual(Buffer.from('content'))
  expect(fetches).toBe(1)
})

test.each([
  ['memory', 10],
  ['disk', 300_000],
])('refuses content that does not match its marker, and keeps nothing of it: %s', async (_tier, bytes) => {
  const content = randomBytes(bytes)
  const { url, asked } = await tenant((_, response) => response.end(content))
  const directory = await folder()
  const attachments = await opened({ cacheDiskDir: directory })
  const wrong = message([{ filename: `a_{MD5:${md5Of('other')}}.bin`, storage_path: 'p' }], url)
  await expect(read(attachments, wrong)).rejects.toMatchObject({ final: true })
  await expect(read(attachments, wrong)).rejects.toThrow(
    `its MD5 is ${md5Of(content)}, not ${md5Of('other')}`,
  )
  expect(asked()).toBe(2)
  expect(await readdir(join(directory, 'incoming'))).toEqual([])
})

test('takes content_md5 before the marker, in upper case too', async () => {
  const { url, asked } = await tenant((_, response) => response.end('content'))
  const attachments = await opened()
  const spec = {
    filename: `a_{MD5:${md5Of('other')}}.b`,
    storage_path: 'p',
    content_md5: md5Of('content').toUpperCase(),
  }
  await read(attachments, message([spec], url))
  await read(attachments, message([spec], url))
  expect(asked()).toBe(1)
})

test('asks again after a failure', async () => {
  let status = 500
  const { url } = await tenant((_, response) => response.writeHead(status).end('content'))
  const attachments = await opened()
  const wanted = message([{ filename: `a_{MD5:${md5Of('content')}}`, storage_path: 'p' }], url)
  await expect(read(attachments, wanted)).rejects.toMatchObject({ final: false })
  status = 200
  expect(await read(attachments, wanted)).toEqual([Buffer.from('content')])
})

test('finds files of an earlier process until they expire', async () => {
  const content = randomBytes(200_000)
  const { url, asked } = await tenant((_, response) => response.end(content))
  const cacheDiskDir = await folder()
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of(content) }], url)
  await read(await opened({ cacheDiskDir }), wanted)
  expect(await read(await opened({ cacheDiskDir }), wanted)).toEqual([content])
  expect(asked()).toBe(1)
  const [name = expect.fail()] = (await readdir(cacheDiskDir, { recursive: true })).filter((path) =>
    /[0-9a-f]{32}$/.test(path),
  )
  const longAgo = new Date(Date.now() - 3_601_000)
  await utimes(join(cacheDiskDir, name), longAgo, longAgo)
  await read(await opened({ cacheDiskDir }), wanted)
  expect(asked()).toBe(2)
})

test('keeps its disk within the limit, the newest staying', async () => {
  const contents = [randomBytes(400_000), randomBytes(400_000), randomBytes(400_000)]
  const { url } = await tenant(async (request, response) => {
    const { storage_path } = JSON.parse(String(await buffer(request)))
    response.end(contents[storage_path])
  })
  const cacheDiskDir = await folder()
  const attachments = await opened({ cacheDiskDir, cacheDiskMaxBytes: 1024 ** 2 })
  for (const [index, content] of contents.entries()) {
    const spec = {
      filename: 'a',
      storage_path: String(index),
      content_md5: md5Of(content),
      fetch_mode: 'endpoint',
    }
    expect(await read(attachments, message([spec], url))).toEqual([content])
  }
  const kept = (await readdir(cacheDiskDir, { recursive: true })).filter((path) => /[0-9a-f]{32}$/.test(path))
  expect(kept.map((path) => path.slice(3, 35)).toSorted()).toEqual(contents.slice(1).map(md5Of).toSorted())
})

test('serves content for which the cache has no room', async () => {
  const content = randomBytes(300_000)
  const { url } = await tenant((_, response) => response.end(content))
  const attachments = await opened({ cacheDiskMaxBytes: 0, cacheMemoryMaxBytes: 0 })
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of(content) }], url)
  expect(await read(attachments, wanted)).toEqual([content])
})
