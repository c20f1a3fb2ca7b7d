import { MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { MIN_CONTENT_BYTES } from '../programs/tenants/draft.ts'
import { serveTenant, type TenantProgramOptions } from '../programs/tenants/main.ts'
import { DIALECTS } from '../programs/tenants/options.ts'
import { PROFILE_NAMES, PROFILE_PORTS } from '../programs/tenants/profile.ts'
import { numberFlag } from './output.ts'

/** As parsed by commander: all strings. */
export interface TenantFlags {
  readonly profile: string
  readonly port?: string
  readonly host: string
  readonly tenantId?: string
  readonly clientId?: string
  readonly seed?: string
  readonly runId?: string
  readonly intake: string
  readonly dialect: string
  readonly proxyUrl?: readonly string[]
  readonly proxyToken?: string
  readonly maxAttachmentBytes?: string
}

const INTAKES = ['response', 'push'] as const

/** Runs a simulated tenant until Ctrl-C. */
export async function tenant(flags: TenantFlags): Promise<void> {
  await serveTenant(programOptions(flags))
}

function programOptions(flags: TenantFlags): TenantProgramOptions {
  const { seed, tenants: overrides } = readOptions()
  const { host, tenantId, clientId, maxAttachmentBytes } = flags
  const profile = oneOf('--profile', flags.profile, PROFILE_NAMES)
  return {
    ...overrides,
    profile,
    host,
    port: flags.port === undefined ? PROFILE_PORTS[profile] : whole('--port', flags.port, 65_535),
    seed: flags.seed === undefined ? seed : whole('--seed', flags.seed, 2 ** 32 - 1),
    // A proxy with a persistent database would know the ids of the previous run.
    runId: flags.runId ?? Date.now().toString(36),
    dialect: dialectOf(flags),
    intake: intakeOf(flags),
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { clientId }),
    ...(maxAttachmentBytes !== undefined && {
      maxAttachmentBytes: whole('--max-attachment-bytes', maxAttachmentBytes, 2 ** 40, MIN_CONTENT_BYTES),
    }),
  }
}

function intakeOf({ intake, proxyUrl, proxyToken: token }: TenantFlags): TenantProgramOptions['intake'] {
  const style = oneOf('--intake', intake, INTAKES)
  if (style === 'push') {
    if (proxyUrl === undefined)
      throw badFlags('--intake push needs --proxy-url', 'For example --proxy-url http://127.0.0.1:8000.')
    return { style, proxyUrls: proxyUrl.map(withoutSlash), ...(token !== undefined && { token }) }
  }
  if (proxyUrl !== undefined || token !== undefined)
    throw badFlags('--proxy-url and --proxy-token need --intake push', 'Drop them, or add --intake push.')
  return { style }
}

/** `seed` is the name that `classic` had until 0.1; accepted for one more version. */
function dialectOf({ dialect }: TenantFlags): TenantProgramOptions['dialect'] {
  if (dialect !== 'seed') return oneOf('--dialect', dialect, DIALECTS)
  console.error('--dialect seed is now called classic. The old name is accepted in this version only.')
  return 'classic'
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function oneOf<const W extends string>(flag: string, given: string, words: readonly W[]): W {
  const word = words.find((known) => known === given)
  if (word !== undefined) return word
  throw badFlags(`${flag} ${given} is not known`, `Allowed: ${words.join(', ')}.`)
}

function whole(flag: string, given: string, max: number, min = 0): number {
  return numberFlag({ flag, given, min, max, whole: true })
}

function badFlags(why: string, hint?: string): MailstormError {
  return new MailstormError('BAD_OPTIONS', `Failed to start a tenant: ${why}.`, hint)
}
