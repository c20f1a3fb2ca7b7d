import type { RunningMailhog } from '../../containers/mailhog.ts'
import type { RunningProxyService } from '../../containers/proxy.ts'
import { embeddedTenant, type RunningTenantService } from '../../containers/tenants.ts'
import { PROFILE_NAMES, PROFILE_PORTS } from '../programs/tenants/profile.ts'
import { setUpTenants, type TenantSetUp } from '../programs/tenants/set-up.ts'
import { createTenant } from '../programs/tenants/tenant.ts'
import type { ExtrasRig, Keep } from './start-extras.ts'

/** In base64 it stays below the 1 MB that the real MailHog takes in useful time (containers/mailhog.ts). */
const MAILHOG_ATTACHMENT_BYTES = 700 * 1024

interface Around {
  readonly mailhog: RunningMailhog | undefined
  readonly proxy: RunningProxyService | undefined
  /** The proxy's. */
  readonly token: string
  readonly keep: Keep
}

/** The four of the seed, each a process; the proxy gets to know them when there is one. Returns what people should know. */
export async function bootTenants(rig: ExtrasRig, around: Around): Promise<string[]> {
  const capped = rig.backend === 'docker' && rig.options.containers.sink === 'mailhog'
  const tenants = await boot(rig, around.keep, capped ? { maxAttachmentBytes: MAILHOG_ATTACHMENT_BYTES } : {})
  const { mailhog, proxy, token } = around
  if (proxy !== undefined && mailhog !== undefined) {
    const smtp = { host: mailhog.host, port: mailhog.smtpPort }
    await setUpTenants({ proxyUrl: proxy.url, token, dialect: 'seed', smtp, tenants })
  }
  const kilobytes = MAILHOG_ATTACHMENT_BYTES / 1024
  return [
    "Tenants' statistics:    curl http://127.0.0.1:8081/stats     (8082, 8084, 8085)",
    ...(capped
      ? [`Attachments of tenants: cut to ${kilobytes} KB for MailHog; SINK=mailstorm takes them whole`]
      : []),
  ]
}

type BootedTenant = TenantSetUp & { readonly running: RunningTenantService }

async function boot(
  rig: ExtrasRig,
  keep: Keep,
  cap: { readonly maxAttachmentBytes?: number },
): Promise<BootedTenant[]> {
  const { options, portFor } = rig
  const common = { ...options.tenants, ...cap, seed: options.seed, runId: Date.now().toString(36) }
  const boots = PROFILE_NAMES.map(async (profile) => {
    const port = portFor(PROFILE_PORTS[profile])
    const running = await embeddedTenant({ ...common, profile, port }).start()
    const { facts, auth } = createTenant({ ...common, profile })
    return { running, tenant: { facts, auth }, baseUrl: running.url }
  })
  // All of them, so that those which started are ended when another failed.
  const settled = await Promise.allSettled(boots)
  for (const booted of settled)
    if (booted.status === 'fulfilled') keep(booted.value.running, booted.value.running.url)
  return settled.map((booted) => {
    if (booted.status === 'rejected') throw booted.reason
    return booted.value
  })
}
