import { MailstormError } from '../../src/error.ts'
import { PROFILE_NAMES, type ProfileName } from '../../src/programs/tenants/profile.ts'
import { setUpTenants, type TenantSetUp } from '../../src/programs/tenants/set-up.ts'
import { createTenant } from '../../src/programs/tenants/tenant.ts'

/** The database may have to make its cluster first. */
const PROXY_HEALTHY_WITHIN_MS = 5 * 60_000

/**
 * Makes the proxy know its tenants: `set-up.ts newsletter=http://client-newsletter:8080 …`, with PROXY_URL, PROXY_TOKEN
 * and SMTP_SINK (where the mail goes, as mailhog:1025). Can be run again: what is there already is written over.
 */
async function main(): Promise<void> {
  const { PROXY_URL: proxyUrl = '', PROXY_TOKEN: token, SMTP_SINK: sink = '' } = process.env
  const tenants = process.argv.slice(2).map(tenantOf)
  const [host = '', port = ''] = sink.split(':')
  const problems = [
    ...(URL.canParse(proxyUrl) ? [] : [`PROXY_URL is "${proxyUrl}", and not a URL as http://mailproxy:8000`]),
    ...(host !== '' && /^\d+$/.test(port) && Number(port) <= 65_535
      ? []
      : [`SMTP_SINK is "${sink}", and not host:port`]),
    ...(tenants.length > 0 ? [] : ['no tenant is named']),
  ]
  if (problems.length > 0) throw badSetUp(problems.join('; '))
  const smtp = { host, port: Number(port) }
  await setUpTenants({ proxyUrl, token, dialect: 'classic', smtp, tenants, waitMs: PROXY_HEALTHY_WITHIN_MS })
  for (const { tenant, baseUrl } of tenants) console.log(`${tenant.facts.tenantId} is set up (${baseUrl})`)
}

function tenantOf(word: string): TenantSetUp {
  const [, name = '', baseUrl = ''] = /^([a-z-]+)=(.+)$/.exec(word) ?? []
  if (!isProfile(name) || !URL.canParse(baseUrl)) throw badSetUp(`"${word}" is not PROFILE=URL`)
  return { tenant: createTenant({ profile: name }), baseUrl }
}

function isProfile(name: string): name is ProfileName {
  return PROFILE_NAMES.some((known) => known === name)
}

function badSetUp(why: string): MailstormError {
  return new MailstormError(
    'SET_UP_OPTIONS',
    `Failed to set up tenants: ${why}.`,
    `Give each as PROFILE=URL, as newsletter=http://client-newsletter:8080; profiles are ${PROFILE_NAMES.join(', ')}.`,
  )
}

main().catch((error: Error) => {
  console.error(error.name === 'MailstormError' ? error.message : error.stack)
  process.exit(1)
})
