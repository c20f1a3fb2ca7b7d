import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TenantOptions } from './options.ts'
import type { Tenant } from './tenant.ts'
import { type OpenFace, openedFace } from './tenant-face.fixture.ts'

/** What a tenant must do, over any transport. */
export function tenantFaceContract(name: string, open: (tenant: Tenant) => Promise<OpenFace>): void {
  const opened = (options: Partial<TenantOptions> = {}) => openedFace(open, options)

  describe(name, () => {
    test('hands messages over, and knows that they were read', async () => {
      const { tenant, sync } = await opened()
      const ids = (await sync()).map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(0)
      await expect.poll(() => [...tenant.books.handedOver()].map(({ id }) => id)).toEqual(ids)
      expect(tenant.syncs).toMatchObject([{ outcome: 'answered', messages: ids.length }])
    })

    test('serves each attachment with the size and the MD5 that its path has', async () => {
      const { paths, post, served, tenant } = await opened()
      const wanted = await paths()
      for (const path of wanted) {
        const { statusCode, headers, body } = await post('/attachments', { storage_path: path })
        const content = Buffer.from(await body.arrayBuffer())
        const md5 = createHash('md5').update(content).digest('hex')
        expect({ statusCode, path }).toEqual({
          statusCode: 200,
          path: expect.stringContaining(`hash=${md5}&`),
        })
        expect(headers).toMatchObject({ 'content-length': String(content.length), 'x-content-md5': md5 })
      }
      expect(served.map(({ servedBytes, sizeBytes }) => servedBytes === sizeBytes)).toEqual(
        wanted.map(() => true),
      )
      expect(tenant.stats().attachments_served).toBe(wanted.length)
    })

    test('serves an attachment of a tenant that was started anew with the same seed', async () => {
      const [path] = await (await opened()).paths()
      const { post } = await opened()
      expect((await post('/attachments', { storage_path: path })).statusCode).toBe(200)
    })

    test.each([
      [
        'an unknown content',
        { storage_path: 'hash=00000000000000000000000000000000&size=10240&content=1.a.b' },
        404,
      ],
      ['a path of the file system', { storage_path: '/etc/passwd' }, 404],
      ['no path', {}, 400],
      ['no JSON', 'not JSON', 400],
    ])('has no attachment for %s, and counts an error', async (_what, body, status) => {
      const { post, tenant } = await opened()
      const { statusCode, body: answer } = await post('/attachments', body)
      expect(statusCode).toBe(status)
      expect(await answer.json()).toMatchObject({ ok: false, error: expect.any(String) })
      expect(tenant.stats().errors).toBe(1)
    })

    test('makes no more of an attachment than is read', async () => {
      const { tenant, paths, post, served } = await opened({
        maxAttachmentBytes: 20 * 1024 ** 2,
        largeShare: 1,
      })
      const [path] = await paths()
      const leave = new AbortController()
      const { body } = await post('/attachments', { storage_path: path }, {}, leave.signal)
      const [first] = await body.take(1).toArray()
      expect(first.length).toBeGreaterThan(0)
      leave.abort()
      await expect.poll(() => served).toHaveLength(1)
      // Socket buffers on both sides hold some of it.
      expect(served[0]?.servedBytes).toBeLessThan(10 * 1024 ** 2)
      expect(tenant.stats().attachments_served).toBe(0)
    })

    test.each([
      ['bearer', { method: 'bearer', token: 'secret-1' }, 'Bearer secret-1'],
      ['basic', { method: 'basic', user: 'u', password: 'p' }, 'Basic dTpw'],
    ] as const)(
      'asks for %s credentials where it is called by the proxy',
      async (_what, auth, authorization) => {
        const { get, post } = await opened({ auth })
        const status = async (path: string, headers = {}) => (await post(path, {}, headers)).statusCode
        expect(await status('/sync')).toBe(401)
        expect(await status('/attachments', { authorization: 'Bearer other' })).toBe(401)
        expect(await status('/sync', { authorization })).toBe(200)
        expect((await get('/health')).statusCode).toBe(200)
      },
    )

    test('answers /stats with every documented field, and more', async () => {
      const { get, paths, post } = await opened({ cachedShare: 1 })
      const [path] = await paths()
      await (await post('/attachments', { storage_path: path })).body.bytes()
      const stats = (await (await get('/stats')).body.json()) as Record<string, unknown>
      expect(Object.keys(stats).sort()).toEqual(
        [
          ...[
            'client_id',
            'tenant_id',
            'uptime_seconds',
            'sync_calls',
            'reports_received',
            'messages_generated',
          ],
          ...['attachments_served', 'attachment_mb_served', 'cache_hit_rate', 'dnd_periods', 'msg_per_sync'],
          ...['errors', 'dnd_violations', 'generation_cache_hit_rate', 'delivery_cache_hit_rate'],
        ].sort(),
      )
      expect(stats).toMatchObject({
        client_id: 'standard-1',
        tenant_id: 'tenant-standard',
        sync_calls: 1,
        attachments_served: 1,
      })
      expect(stats.generation_cache_hit_rate).toBeGreaterThan(0.5)
    })

    test('begins its counters anew on /reset-stats, and still knows what it handed over', async () => {
      const { get, post, sync, tenant } = await opened()
      await sync()
      expect(await (await post('/reset-stats', {})).body.json()).toMatchObject({
        ok: true,
        message: expect.any(String),
      })
      expect(await (await get('/stats')).body.json()).toMatchObject({ sync_calls: 0, messages_generated: 0 })
      expect(tenant.books.handedOverCount).toBeGreaterThan(0)
    })

    test('tells who it is, and what it may repeat', async () => {
      const { get, sync } = await opened()
      await sync()
      expect(await (await get('/health')).body.json()).toEqual({
        ok: true,
        client_id: 'standard-1',
        tenant_id: 'tenant-standard',
      })
      const cache = (await (await get('/cache-info')).body.json()) as Record<string, number>
      expect(cache).toEqual({
        cached_items: expect.any(Number),
        cached_bytes: expect.any(Number),
        cached_mb: expect.any(Number),
        max_cache_mb: expect.any(Number),
        stored_bytes: 0,
      })
      expect(cache.cached_items).toBeGreaterThan(0)
    })

    test.each([
      ['GET', '/sync', 405],
      ['POST', '/stats', 405],
      ['GET', '/mail-proxy/sync', 404],
    ])('refuses %s %s', async (method, path, status) => {
      const { get, post } = await opened()
      const { statusCode } = method === 'GET' ? await get(path) : await post(path, {})
      expect(statusCode).toBe(status)
    })

    test.each(['wrong-bytes', 'cut-short'] as const)(
      'spoils an attachment by %s when told to',
      async (kind) => {
        const { paths, post } = await opened({ attachmentFault: { kind, share: 1 } })
        const [path = ''] = await paths()
        const md5 = await post('/attachments', { storage_path: path })
          .then(({ body }) => body.arrayBuffer())
          .then(
            (content) => createHash('md5').update(Buffer.from(content)).digest('hex'),
            () => 'broke off',
          )
        expect(path).not.toContain(md5)
      },
    )
  })
}
