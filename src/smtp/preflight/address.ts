import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { BlockList } from 'node:net'
import { MailstormError } from '../../error.ts'

/** All addresses of a host, as `dns.lookup` gives them. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

export const systemLookup: Lookup = (host) => lookup(host, { all: true })

/**
 * Loopback (RFC 1122 3.2.1.3, RFC 4291 2.5.3), private use (RFC 1918 3) and unique local (RFC 4193 3).
 * Not link-local: cloud machines have their credentials server there (169.254.169.254).
 */
const OWN_NETWORKS = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
] as const

const own = new BlockList()
for (const [network, prefix, family] of OWN_NETWORKS) own.addSubnet(network, prefix, family)

export function isOwnAddress({ address, family }: LookupAddress): boolean {
  return own.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export interface AddressCheck {
  readonly host: string
  readonly allowPublic: boolean
  readonly lookup: Lookup
  /** A name server that has not answered by then is taken as silent. */
  readonly lookupTimeoutMs?: number
  /** What is wrong is to be corrected there; SMTP_TARGETS by default. */
  readonly variable?: string
}

/** Resolvers wait 5 s for a name server and ask it twice (resolv.conf(5): timeout, attempts). */
const LOOKUP_TIMEOUT_MS = 10_000

/** The addresses of the host, once all of them are safe to send load to. */
export async function safeAddressesOf(check: AddressCheck): Promise<readonly LookupAddress[]> {
  const { host, allowPublic, variable = 'SMTP_TARGETS' } = check
  const addresses = await addressesOf(check)
  // One public address is enough to refuse: which of them a connection takes is chance.
  const outside = addresses.find((address) => !isOwnAddress(address))
  if (allowPublic || outside === undefined) return addresses
  const what = outside.address === host ? host : `${host} is ${outside.address}, which`
  throw new MailstormError(
    'PUBLIC_TARGET',
    `Failed to accept the target: ${what} is neither loopback nor a private address.`,
    `Set ALLOW_PUBLIC_TARGETS=1 if its owner agreed to this load test; or correct ${variable}.`,
  )
}

async function addressesOf(check: AddressCheck): Promise<readonly LookupAddress[]> {
  const { host, lookup, lookupTimeoutMs = LOOKUP_TIMEOUT_MS } = check
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentNameServer(lookupTimeoutMs)), lookupTimeoutMs)
  })
  try {
    const addresses = await Promise.race([lookup(host), silence])
    if (addresses.length > 0) return addresses
  } catch (error) {
    throw unknownHost(check, error)
  } finally {
    clearTimeout(timer)
  }
  throw unknownHost(check, undefined)
}

class SilentNameServer extends Error {
  constructor(timeoutMs: number) {
    super(`the name server did not answer within ${timeoutMs / 1000} s`)
  }
}

function unknownHost({ host, variable = 'SMTP_TARGETS' }: AddressCheck, error: unknown): MailstormError {
  if (error instanceof SilentNameServer) {
    return new MailstormError(
      'UNKNOWN_HOST',
      `Failed to find the host "${host}": ${error.message}.`,
      `Check which name server this machine uses (/etc/resolv.conf), or give the IP address in ${variable}.`,
    )
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  // EAI_AGAIN: the name server did not answer; nothing is known about the name (getaddrinfo(3)).
  const why = code === 'EAI_AGAIN' ? 'the name server does not answer' : 'no address is known for that name'
  return new MailstormError(
    'UNKNOWN_HOST',
    `Failed to find the host "${host}": ${why}${code === undefined ? '' : ` (${code})`}.`,
    `Correct the name in ${variable}, or give the IP address.`,
  )
}
