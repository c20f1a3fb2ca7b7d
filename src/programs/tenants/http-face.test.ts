import { Agent } from 'undici'
import { expect, test } from 'vitest'
import { TenantServer } from './http-face.ts'
import { createTenant } from './tenant.ts'
import { tenantFaceContract } from './tenant-face.contract.ts'

tenantFaceContract('a tenant on a port', async (tenant) => {
  const server = await TenantServer.open(tenant)
  const dispatcher = new Agent()
  return {
    baseUrl: server.url,
    dispatcher,
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      await server.stop()
    },
  }
})

test('reports that its port is taken, and what to do', async () => {
  await using server = await TenantServer.open(createTenant({ profile: 'standard' }))
  const second = TenantServer.open(createTenant({ profile: 'standard' }), { port: server.port })
  await expect(second).rejects.toMatchObject({
    code: 'LISTEN',
    message: expect.stringContaining(`127.0.0.1:${server.port} for a tenant: the port is taken.`),
  })
})

test('can be stopped twice', async () => {
  const server = await TenantServer.open(createTenant({ profile: 'standard' }))
  await server.stop()
  await server.stop()
  await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
})
