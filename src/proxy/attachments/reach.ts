import { type LookupAddress, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'

/** Nowhere anybody's mail has business: link-local, where clouds keep their metadata, and addresses of no host. */
const NEVER = new BlockList()
NEVER.addSubnet('169.254.0.0', 16)
NEVER.addSubnet('fe80::', 10, 'ipv6')
NEVER.addAddress('100.100.100.200')
NEVER.addAddress('168.63.129.16')
NEVER.addAddress('fd00:ec2::254', 'ipv6')
NEVER.addSubnet('0.0.0.0', 8)
NEVER.addAddress('::', 'ipv6')
NEVER.addSubnet('224.0.0.0', 3)
NEVER.addSubnet('ff00::', 8, 'ipv6')
// RFC 6052: an IPv4 address in the clothes of an IPv6 one.
NEVER.addSubnet('64:ff9b::', 96, 'ipv6')

/** RFC 6890: loopback, RFC 1918, shared (RFC 6598), unique local (RFC 4193). */
const PRIVATE = new BlockList()
PRIVATE.addSubnet('127.0.0.0', 8)
PRIVATE.addAddress('::1', 'ipv6')
PRIVATE.addSubnet('10.0.0.0', 8)
PRIVATE.addSubnet('172.16.0.0', 12)
PRIVATE.addSubnet('192.168.0.0', 16)
PRIVATE.addSubnet('100.64.0.0', 10)
PRIVATE.addSubnet('fc00::', 7, 'ipv6')

/** An address that may not be reached; it stays so, however often it is tried. */
export class OutOfReach extends Error {
  constructor(address: string) {
    super(`${address} may not be reached`)
  }
}

export function mayReach(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return !NEVER.check(address, family) && (allowPrivate || !PRIVATE.check(address, family))
}

/** A host as it stands in a URL or an account, when it is an address; names are looked at when they are resolved. */
export function checkHost(host: string, allowPrivate: boolean): void {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0 && !mayReach(address, allowPrivate)) throw new OutOfReach(address)
}

/** Stands before the network and may answer a request itself: how those who test the proxy fake the other side. */
export type Intercept = Dispatcher.DispatcherComposeInterceptor

export interface FencedAgentOptions {
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
  readonly intercept?: Intercept | undefined
}

/**
 * HTTP connections that end at the right side of the fence: the address that is connected to is the one that was
 * checked, so a name that resolves to something else a moment later gains nothing.
 */
export function fencedAgent({ allowPrivate, connectTimeoutMs, intercept }: FencedAgentOptions): Dispatcher {
  const checkedLookup: LookupFunction = (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const refused = addresses.find(({ address }) => !mayReach(address, allowPrivate))
      if (refused !== undefined) return callback(new OutOfReach(`${host} (${refused.address})`), [])
      const [first] = addresses as [LookupAddress, ...LookupAddress[]]
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
  const agent = new Agent({ connect: { lookup: checkedLookup, timeout: connectTimeoutMs }, connections: 64 })
  return intercept === undefined ? agent : agent.compose(intercept)
}
