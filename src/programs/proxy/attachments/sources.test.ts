import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, md5Of, message, opened, read, tenant } from './attachments.fixture.ts'

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

test('treats silence and a refused connection as temporary', async () => {
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

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity', (content: string) => Buffer.from(content)],
  ['deflate, gzip', (content: string) => gzipSync(deflateSync(content))],
])('undoes the content encoding %s, and compares the MD5 of what is sent', async (coding, encode) => {
  const { url } = await tenant((_, response) =>
    response.writeHead(200, { 'content-encoding': coding }).end(encode('content')),
  )
  const specs = [
    { filename: 'a', storage_path: 'p' },
    { filename: 'b', storage_path: 'p', content_md5: md5Of('content') },
  ]
  expect(await read(await opened(), message(specs, url))).toEqual([
    Buffer.from('content'),
    Buffer.from('content'),
  ])
})

test('refuses an encoding that it cannot undo, and fails one that breaks off as something that may pass', async () => {
  const { url } = await tenant(async (request, response) => {
    const { storage_path } = JSON.parse(String(await buffer(request)))
    response.writeHead(200, { 'content-encoding': storage_path })
    response.end(gzipSync('content').subarray(0, 12))
  })
  const attachments = await opened()
  const get = (storage_path: string) => read(attachments, message([{ filename: 'a', storage_path }], url))
  await expect(get('compress')).rejects.toMatchObject({
    message: expect.stringContaining('content encoding is "compress"'),
    final: true,
  })
  // What JavaScript has by this name is no decoder.
  await expect(get('constructor')).rejects.toMatchObject({ final: true })
  await expect(get('gzip')).rejects.toMatchObject({ final: false })
})

test('applies the size limit while content is decoded', async () => {
  const { url } = await tenant((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(2 * 1024 ** 2))),
  )
  const failed = read(
    await opened({ maxAttachmentBytes: 1024 ** 2 }),
    message([{ filename: 'a', storage_path: 'p' }], url),
  )
  await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('more than 1048576 bytes') })
})

test.each([301, 302, 303, 307, 308])(
  'follows a redirect %s of a URL, with its credentials only to the same origin',
  async (status) => {
    const seen: unknown[] = []
    const note = (name: string, headers: IncomingHttpHeaders) => seen.push([name, headers.authorization])
    const other = await tenant(({ headers }, response) => {
      note('other', headers)
      response.end('content')
    })
    const { url } = await tenant(({ url: path, headers }, response) => {
      note(path ?? '', headers)
      response.writeHead(status, { location: path === '/a' ? 'b' : `${other.url}/c` }).end()
    })
    const attachments = await opened({ httpUrlPrivate: true })
    const spec = { filename: 'a', storage_path: `${url}/a`, auth: { method: 'bearer', token: 'its-own' } }
    expect(await read(attachments, message([spec]))).toEqual([Buffer.from('content')])
    expect(seen).toEqual([
      ['/a', 'Bearer its-own'],
      ['/b', 'Bearer its-own'],
      ['other', undefined],
    ])
  },
)

test.each([
  ['http://169.254.169.254/latest', 'may not be reached'],
  ['http://2852039166/', 'may not be reached'],
  ['file:///etc/passwd', 'not an http or https URL'],
  ['/again', 'more than 10 redirects'],
])('does not follow a redirect to %s', async (location, why) => {
  const { url } = await tenant((_, response) => response.writeHead(302, { location }).end())
  const failed = read(
    await opened({ httpUrlPrivate: true }),
    message([{ filename: 'a', storage_path: `${url}/` }]),
  )
  await expect(failed).rejects.toMatchObject({ message: expect.stringContaining(why), final: true })
})

test('follows no redirect to a private network unless it is allowed', async () => {
  const { url } = await tenant((_, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  )
  const client = message([{ filename: 'a', storage_path: 'p' }], url)
  // The tenant's own endpoint is asked, and follows nothing.
  await expect(read(await opened(), client)).rejects.toMatchObject({
    message: expect.stringContaining('HTTP 302'),
  })
})

test('uses the credentials in a URL, and never shows them', async () => {
  const seen: unknown[] = []
  const { url } = await tenant(({ headers }, response) => {
    seen.push(headers.authorization)
    response.writeHead(404).end()
  })
  const storage_path = `${url.replace('http://', 'http://us%40er:p%3Aw@')}/a`
  const given = message([{ filename: 'a', storage_path }])
  expect(given.mail.attachments[0]).toMatchObject({
    source: `${url}/a`,
    auth: { user: 'us@er', password: 'p:w' },
  })
  const failed = read(await opened({ httpUrlPrivate: true }), given)
  await expect(failed).rejects.toThrow('Attachment fetch failed for a: HTTP 404')
  expect(seen).toEqual([`Basic ${Buffer.from('us@er:p:w').toString('base64')}`])
})

test('refuses a URL whose credentials stand in two places', () => {
  const spec = { filename: 'a', storage_path: 'http://u:p@x.test/', auth: { method: 'bearer', token: 't' } }
  expect(() => message([spec])).toThrow('has credentials in its URL and in auth')
})
