import { expect, test } from 'vitest'
import { embeddedTenant } from './tenants.ts'

test('boots a tenant that answers, and ends it', async () => {
  const tenant = await embeddedTenant({
    profile: 'standard',
    tenantId: 'tenant-mine',
    maxAttachmentBytes: 4_096,
  }).start()
  expect(tenant).toMatchObject({ name: 'tenant-standard', tenantId: 'tenant-mine', backend: 'embedded' })
  expect(await (await fetch(`${tenant.url}/health`)).json()).toMatchObject({ tenant_id: 'tenant-mine' })
  await tenant.stop()
  await expect(fetch(`${tenant.url}/health`)).rejects.toThrow('fetch failed')
})

test('tells what is wrong with the options of a tenant that does not start', async () => {
  const failure = embeddedTenant({ profile: 'standard', dndShare: 7 }).start()
  await expect(failure).rejects.toMatchObject({
    code: 'SERVICE_START',
    message: expect.stringContaining('dndShare'),
  })
})
