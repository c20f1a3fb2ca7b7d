import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { folder, message, opened, read, tenant } from './attachments.fixture.ts'

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
