import { MailstormError } from '../../error.ts'
import { isMain } from '../../processes.ts'
import { TenantServer, type TenantServerOptions } from './http-face.ts'
import type { TenantOptions } from './options.ts'
import { createTenant } from './tenant.ts'

// A tenant as a program: TENANT_OPTIONS='{"profile":"standard","port":8082}' node src/programs/tenants/main.ts

export type TenantProgramOptions = Omit<TenantOptions, 'clock' | 'observer'> & TenantServerOptions

const BAD_OPTIONS = 2

/**
 * Writes one line of JSON to stdout once the tenant listens. Ends on SIGTERM, on SIGINT, and with the parent
 * that opened an IPC channel to it.
 */
export async function serveTenant({ port, host, ...options }: TenantProgramOptions): Promise<void> {
  const tenant = createTenant(options)
  const address = { ...(port !== undefined && { port }), ...(host !== undefined && { host }) }
  const server = await TenantServer.open(tenant, address)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
  process.once('disconnect', () => process.exit(0))
  const { tenantId, profile, intake, seed, runId } = tenant.facts
  const facts = { tenant_id: tenantId, profile, intake, seed, run_id: runId }
  console.log(JSON.stringify({ ready: true, url: server.url, port: server.port, ...facts }))
  await tenant.prepare()
}

async function main(): Promise<void> {
  try {
    await serveTenant(JSON.parse(process.env.TENANT_OPTIONS ?? '{}') as TenantProgramOptions)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(error instanceof MailstormError ? BAD_OPTIONS : 1)
  }
}

if (isMain(import.meta.url)) await main()
