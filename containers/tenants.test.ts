import { expect, test } from 'vitest'
import { embeddedTenant, type RunningTenantService } from './tenants.ts'

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

test('starts again on its port, with ids that nobody has seen yet', async () => {
  const first = await embeddedTenant({ profile: 'standard', runId: 'run' }).start()
  await using _first = first
  const runIdOf = async (tenant: RunningTenantService) =>
    JSON.parse((await tenant.logTail(100)).find((line) => line.startsWith('{')) ?? '').run_id as string
  expect(await runIdOf(first)).toBe('run')
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  const second = (await first.startAgain?.()) as RunningTenantService
  await using _second = second
  expect(second).toMatchObject({ name: first.name, url: first.url })
  expect(await runIdOf(second)).toBe('run-2')
})

test('tells what is wrong with the options of a tenant that does not start', async () => {
  const failure = embeddedTenant({ profile: 'standard', dndShare: 7 }).start()
  await expect(failure).rejects.toMatchObject({
    code: 'SERVICE_START',
    message: expect.stringContaining('dndShare'),
  })
})
