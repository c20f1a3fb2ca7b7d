import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { inDialOrder } from '../../dial.ts'
import { MailstormError } from '../../error.ts'
import { isOwnAddress } from './address.ts'

export interface ExchangerQuestion {
  /** Of the mail addresses. */
  readonly domain: string
  /** The name server that is asked, and no other. */
  readonly resolver: { readonly host: string; readonly port: number }
  readonly allowPublic: boolean
  /** How long a question may take; it is asked twice. */
  readonly timeoutMs?: number
}

/** Where mail for a domain goes (RFC 5321 5.1). */
export interface Exchangers {
  /** In the order in which they are tried. */
  readonly addresses: readonly string[]
  /** The first so many are of the lowest preference: sessions take them in turn. */
  readonly alike: number
  /** Name of the exchanger by its address. */
  readonly names: Readonly<Record<string, string>>
  readonly lookupMs: number
}

const TIMEOUT_MS = 3_000

/** Asks for the MX of a domain. Throws MailstormError when it takes no mail, or an address is a public one. */
export async function exchangersOf(question: ExchangerQuestion): Promise<Exchangers> {
  const { domain, resolver, allowPublic, timeoutMs = TIMEOUT_MS } = question
  const at = placeOf(resolver)
  refusePublic([resolver.host], allowPublic, 'the resolver', 'STRESS_RESOLVER')
  const startedMs = performance.now()
  const asked = new Resolver({ timeout: timeoutMs, tries: 2 })
  asked.setServers([at])
  const found = await Promise.all(
    (await ranked(asked, question, at)).map((rank) => addressesOf(asked, rank, at, domain)),
  )
  const ranks = found.filter((rank) => rank.size > 0)
  const names: Record<string, string> = {}
  for (const rank of ranks) for (const [address, name] of rank) names[address] ??= name
  const addresses = [...new Set(ranks.flatMap((rank) => [...rank.keys()]))]
  if (addresses.length === 0)
    throw noExchanger(
      domain,
      `none of its mail exchangers has an address, says ${at}`,
      'Correct the zone, or the target.',
    )
  refusePublic(addresses, allowPublic, `a mail exchanger of ${domain}`, 'SMTP_TARGETS')
  return { addresses, alike: ranks[0]?.size ?? 1, names, lookupMs: performance.now() - startedMs }
}

/** Names of exchangers by preference, the lowest first. */
async function ranked(asked: Resolver, { domain }: ExchangerQuestion, at: string): Promise<string[][]> {
  const answer = await asked.resolveMx(domain).catch((error: NodeJS.ErrnoException) => {
    // RFC 5321 5.1: a domain without MX is its own exchanger.
    if (error.code === 'ENODATA') return [{ exchange: domain, priority: 0 }]
    throw unanswered(domain, error, at)
  })
  // RFC 7505 3: its root as the only exchanger says that a domain takes no mail.
  const named = answer.filter(({ exchange }) => exchange !== '' && exchange !== '.')
  if (named.length === 0)
    throw noExchanger(
      domain,
      `it takes no mail (null MX, RFC 7505), says ${at}`,
      'Name another domain, or the server itself.',
    )
  const ranks = Map.groupBy(named, ({ priority }) => priority)
  return [...ranks.keys()]
    .sort((a, b) => a - b)
    .map((priority) => (ranks.get(priority) ?? []).map(({ exchange }) => exchange))
}

/** Of the exchangers of one preference: address → name. */
async function addressesOf(
  asked: Resolver,
  exchanges: readonly string[],
  at: string,
  domain: string,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const exchange of exchanges) {
    const none = (error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return []
      throw unanswered(domain, error, at)
    }
    const [v4, v6] = await Promise.all([
      asked.resolve4(exchange).catch(none),
      asked.resolve6(exchange).catch(none),
    ])
    for (const address of inDialOrder([...v4, ...v6])) if (!found.has(address)) found.set(address, exchange)
  }
  return found
}

function refusePublic(
  addresses: readonly string[],
  allowPublic: boolean,
  what: string,
  variable: string,
): void {
  const outside = addresses.find((address) => !isOwnAddress({ address, family: isIP(address) }))
  if (allowPublic || outside === undefined) return
  throw new MailstormError(
    'PUBLIC_TARGET',
    `Failed to accept the target: ${what} is ${outside}, which is neither loopback nor a private address.`,
    `Set ALLOW_PUBLIC_TARGETS=1 if its owner agreed to this load test; or correct ${variable}.`,
  )
}

function unanswered(domain: string, { code = 'ERROR' }: NodeJS.ErrnoException, at: string): MailstormError {
  if (code === 'ENOTFOUND')
    return noExchanger(
      domain,
      `there is no such domain, says ${at}`,
      'Correct the domain in SMTP_TARGETS, or its zone.',
    )
  const why = code === 'ETIMEOUT' ? 'does not answer' : `cannot tell (${code})`
  return noExchanger(
    domain,
    `the name server ${at} ${why}`,
    'Correct STRESS_RESOLVER, or start the name server.',
  )
}

function noExchanger(domain: string, why: string, hint: string): MailstormError {
  return new MailstormError('NO_EXCHANGER', `Failed to find the mail exchangers of ${domain}: ${why}.`, hint)
}

function placeOf({ host, port }: ExchangerQuestion['resolver']): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
