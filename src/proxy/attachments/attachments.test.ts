import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { proxyConfig } from '../config.ts'
import { readSubmission } from '../intake/mail.ts'
import { Metrics } from '../metrics.ts'
import type { ProxyOptions } from '../options.ts'
import { Attachments } from './attachments.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function opened(options: Partial<ProxyOptions> = {}): Promise<Attachments> {
  const config = proxyConfig({ databaseUrl: 'postgres://x/y', ...options })
  const attachments = await Attachments.open(config, new Metrics())
  cleanups.push(() => attachments.close())
  return attachments
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'proxy-attachments-'))
  cleanups.push(() => rm(path, { recursive: true }))
  return path
}

/** A tenant's server; counts what it is asked. */
async function tenant(answer: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked }
}

const md5Of = (content: Buffer | string) => createHash('md5').update(content).digest('hex')

function message(attachments: object[], baseUrl: string | null = null, auth: object | null = null) {
  const plain = { id: 'm', tenant_id: 't', from: 'a@x.test', to: 'b@y.test', subject: 's' }
  const client = { baseUrl, syncPath: null, attachmentPath: '/files', auth: auth as null }
  return { mail: readSubmission({ ...plain, attachments }).mail, client }
}

const never = new AbortController().signal

/** Content of each attachment. */
async function read(attachments: Attachments, from: ReturnType<typeof message>): Promise<Buffer[]> {
  using open = await attachments.of(from, never)
  return await Promise.all(
    open.items.map(({ content }) => (Buffer.isBuffer(content) ? content : buffer(content))),
  )
}

test('asks the tenant’s endpoint for the path, with its credentials', async () => {
  const seen: unknown[] = []
  const { url } = await tenant(async (request, response) => {
    const { method, url: path, headers } = request
    seen.push([method, path, headers.authorization, JSON.parse(String(await buffer(request)))])
    response.end('content')
  })
  const auth = { method: 'basic', user: 'u', password: 'p' }
  const spec = { filename: 'a.txt', storage_path: 'hash=1&size=2' }
  expect(await read(await opened(), message([spec], url, auth))).toEqual([Buffer.from('content')])
  expect(seen).toEqual([['POST', '/files', 'Basic dTpw', { storage_path: 'hash=1&size=2' }]])
})

test('never shows the tenant’s credentials to the server of a URL', async () => {
  const seen: unknown[] = []
  const { url } = await tenant((request, response) => {
    seen.push(request.headers.authorization)
    response.end('x')
  })
  const attachments = await opened({ httpUrlPrivate: true })
  const auth = { method: 'bearer', token: 'secret' }
  await read(attachments, message([{ filename: 'a', storage_path: `${url}/a` }], url, auth))
  await read(
    attachments,
    message(
      [{ filename: 'a', storage_path: `${url}/a`, auth: { method: 'bearer', token: 'its-own' } }],
      url,
      auth,
    ),
  )
  expect(seen).toEqual([undefined, 'Bearer its-own'])
})

test.each([
  [404, true],
  [403, true],
  [301, true],
  [408, false],
  [429, false],
  [500, false],
  [503, false],
])('takes status %s for final: %s', async (status, final) => {
  const { url } = await tenant((_, response) => response.writeHead(status, { location: '/other' }).end('no'))
  const failed = read(await opened(), message([{ filename: 'a.txt', storage_path: 'p' }], url))
  await expect(failed).rejects.toMatchObject({
    message: `Attachment fetch failed for a.txt: HTTP ${status}`,
    final,
  })
})

test('takes silence and a refused connection for what may pass', async () => {
  const { url } = await tenant(() => undefined)
  const spec = { filename: 'a', storage_path: 'p' }
  const attachments = await opened({ attachmentTimeoutMs: 100 })
  await expect(read(attachments, message([spec], url))).rejects.toMatchObject({ final: false })
  await expect(read(attachments, message([spec], 'http://127.0.0.1:1'))).rejects.toMatchObject({
    final: false,
  })
})

test('fails an answer that breaks off, as something that may pass', async () => {
  const { url } = await tenant((_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('x'.repeat(10))
    setImmediate(() => response.destroy())
  })
  const failed = read(await opened(), message([{ filename: 'a', storage_path: 'p' }], url))
  await expect(failed).rejects.toMatchObject({ final: false })
})

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

test('finds on disk what an earlier process has left, until its time is over', async () => {
  const content = randomBytes(200_000)
  const { url, asked } = await tenant((_, response) => response.end(content))
  const cacheDiskDir = await folder()
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of(content) }], url)
  await read(await opened({ cacheDiskDir }), wanted)
  expect(await read(await opened({ cacheDiskDir }), wanted)).toEqual([content])
  expect(asked()).toBe(1)
  const impatient = await opened({ cacheDiskDir, cacheDiskTtlMs: 10 })
  await read(impatient, wanted)
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
  expect(kept.map((path) => path.slice(3)).toSorted()).toEqual(contents.slice(1).map(md5Of).toSorted())
})

test('serves content for which the cache has no room', async () => {
  const content = randomBytes(300_000)
  const { url } = await tenant((_, response) => response.end(content))
  const attachments = await opened({ cacheDiskMaxBytes: 0, cacheMemoryMaxBytes: 0 })
  const wanted = message([{ filename: 'a', storage_path: 'p', content_md5: md5Of(content) }], url)
  expect(await read(attachments, wanted)).toEqual([content])
})

test('ends content that is larger than allowed', async () => {
  const { url } = await tenant((_, response) => response.end(Buffer.alloc(2 * 1024 ** 2)))
  const attachments = await opened({ maxAttachmentBytes: 1024 ** 2 })
  const failed = read(attachments, message([{ filename: 'a', storage_path: 'p' }], url))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('more than 1048576 bytes'),
    final: true,
  })
})

test.each([
  ['aGVsbG8=', 'hello'],
  ['base64:aGVsbG8', 'hello'],
  ['aGVs\r\nbG8=\r\n', 'hello'],
])('decodes %j', async (storage_path, expected) => {
  const spec = { filename: 'a', storage_path, fetch_mode: 'base64' }
  expect(String(await read(await opened(), message([spec])))).toBe(expected)
})

test.each(['a', 'b!==', '='])('refuses %j, which is not base64', async (storage_path) => {
  const spec = { filename: 'a', storage_path, fetch_mode: 'base64' }
  await expect(read(await opened(), message([spec]))).rejects.toMatchObject({ final: true })
})

test('attaches files below the configured folder, and no others, whatever the path says', async () => {
  const outside = await folder()
  const filesDir = join(outside, 'files')
  await mkdir(join(filesDir, 'sub'), { recursive: true })
  await writeFile(join(filesDir, 'sub', 'a'), 'inside')
  await writeFile(join(outside, 'secret'), 'outside')
  await symlink(join(outside, 'secret'), join(filesDir, 'link'))
  await symlink(outside, join(filesDir, 'up'))
  const attachments = await opened({ filesDir })
  const get = (storage_path: string) =>
    read(attachments, message([{ filename: 'a', storage_path, fetch_mode: 'filesystem' }]))
  expect(String(await get(join(filesDir, 'sub', 'a')))).toBe('inside')
  expect(String(await get('sub/../sub/a'))).toBe('inside')
  for (const path of ['/etc/passwd', `${filesDir}/../secret`, '../secret', 'link', 'up/secret'])
    await expect(get(path), path).rejects.toMatchObject({
      message: expect.stringContaining('leads out of GMP_FILES_DIR'),
      final: true,
    })
  await expect(get('sub')).rejects.toMatchObject({
    message: expect.stringContaining('not a file'),
    final: true,
  })
  await expect(get('none')).rejects.toMatchObject({ final: true })
})

test('attaches no files unless a folder is configured', async () => {
  const failed = read(await opened(), message([{ filename: 'a', storage_path: '/etc/passwd' }]))
  await expect(failed).rejects.toThrow('switched off (GMP_FILES_DIR)')
})

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://2852039166/',
  'http://0xa9.0xfe.0xa9.0xfe/',
  'http://[fd00:ec2::254]/',
  'http://0.0.0.0/',
])('reaches nothing at %s, private networks allowed or not', async (storage_path) => {
  const attachments = await opened({ httpUrlPrivate: true })
  const failed = read(attachments, message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test.each([
  'http://127.0.0.1:1/',
  'http://localhost:1/',
  'http://[::1]:1/',
  'http://10.0.0.1/',
  'http://[::ffff:10.0.0.1]/',
])('reaches nothing at %s unless private networks are allowed', async (storage_path) => {
  const failed = read(await opened(), message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test('reaches no metadata through a tenant’s own URL', async () => {
  const failed = read(
    await opened(),
    message([{ filename: 'a', storage_path: 'p' }], 'http://169.254.169.254'),
  )
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test('closes every source when one attachment of a message cannot be had', async () => {
  const closed: Promise<unknown>[] = []
  const { url } = await tenant(async (request, response) => {
    const { storage_path } = JSON.parse(String(await buffer(request)))
    if (storage_path === 'missing') return response.writeHead(404).end()
    closed.push(once(response, 'close'))
    response.write(Buffer.alloc(100_000))
  })
  const attachments = await opened()
  const specs = ['big', 'missing'].map((storage_path) => ({ filename: storage_path, storage_path }))
  await expect(read(attachments, message(specs, url))).rejects.toThrow('HTTP 404')
  await Promise.all(closed)
})
