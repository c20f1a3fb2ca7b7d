import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher } from 'undici'

/** Ranges of a network of one's own (RFC 6890): loopback, RFC 1918, shared (RFC 6598), unique local (RFC 4193). */
const PRIVATE = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal'])
/** Where clouds keep their metadata, in ranges that are otherwise somebody's. */
const METADATA = new Set(['100.100.100.200', '168.63.129.16', 'fd00:ec2::254'])

/** An address that may not be reached; it stays so, however often it is tried. */
export class OutOfReach extends Error {
  constructor(address: string) {
    super(`${address} may not be reached`)
  }
}

/**
 * Whether mail has business there: public addresses, and private ones where they are allowed. All other ranges
 * (link-local, multicast, reserved, benchmarking, transition mechanisms that hide an IPv4 address, …) never are.
 */
export function mayReach(address: string, allowPrivate: boolean): boolean {
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (METADATA.has(parsed.toString())) return false
  return range === 'unicast' || (allowPrivate && PRIVATE.has(range))
}

/**
 * A host as it stands in a URL or an account, when it is an address, in whatever form a resolver takes for one
 * (`127.1`, `0x7f000001`, `2130706433`). Names are looked at when they are resolved.
 */
export function checkHost(host: string, allowPrivate: boolean): void {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(address) && !mayReach(address, allowPrivate)) throw new OutOfReach(host)
}

/**
 * Resolves a name, and refuses it when any of its addresses may not be reached. Whoever connects to what this gives
 * connects to what was checked: a name that resolves to something else a moment later gains nothing.
 */
export function fencedLookup(allowPrivate: boolean): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const refused = addresses.find(({ address }) => !mayReach(address, allowPrivate))
      if (refused !== undefined) return callback(new OutOfReach(`${host} (${refused.address})`), [])
      const [first] = addresses as [LookupAddress, ...LookupAddress[]]
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** Stands before the network and may answer a request itself: how those who test the proxy fake the other side. */
export type Intercept = Dispatcher.DispatcherComposeInterceptor

export interface FencedAgentOptions {
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
  readonly intercept?: Intercept | undefined
}

/**
 * HTTP connections that end at the right side of the fence; as many as are asked for. What bounds them is what is in
 * flight: with a number of its own, a message with more attachments than that would wait for itself, and a tenant
 * whose mail is slow would keep others from a server that both have attachments on.
 */
export function fencedAgent({ allowPrivate, connectTimeoutMs, intercept }: FencedAgentOptions): Dispatcher {
  const connect = { lookup: fencedLookup(allowPrivate), timeout: connectTimeoutMs }
  const agent = new Agent({ connect })
  return intercept === undefined ? agent : agent.compose(intercept)
}
