import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher } from 'undici'

/** Private ranges (RFC 6890): loopback, RFC 1918, shared (RFC 6598), unique local (RFC 4193). */
const PRIVATE = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal'])
/** Cloud metadata services in ranges that are otherwise allowed. */
const METADATA = new Set(['100.100.100.200', '168.63.129.16', 'fd00:ec2::254'])

/** An address that may not be connected to, now or later. */
export class OutOfReach extends Error {
  constructor(address: string) {
    super(`${address} may not be reached`)
  }
}

/**
 * Whether the proxy may connect to an address: public ones, and private ones if allowed. All other ranges
 * (link-local, multicast, reserved, benchmarking, transition mechanisms that hide an IPv4 address, …) never.
 */
export function mayReach(address: string, allowPrivate: boolean): boolean {
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (METADATA.has(parsed.toString())) return false
  return range === 'unicast' || (allowPrivate && PRIVATE.has(range))
}

/**
 * Checks a host in a URL or account when it is an address, in any form that resolvers accept (`127.1`,
 * `0x7f000001`, `2130706433`). Names are checked when they are resolved.
 */
export function checkHost(host: string, allowPrivate: boolean): void {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(address) && !mayReach(address, allowPrivate)) throw new OutOfReach(host)
}

/**
 * Resolves a name, and refuses it when any of its addresses is not allowed. Callers connect to the checked
 * addresses, so a name that resolves differently a moment later gains nothing (DNS rebinding).
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

/** Sits in front of the network and may answer a request itself: how tests fake the other side. */
export type Intercept = Dispatcher.DispatcherComposeInterceptor

export interface FencedAgentOptions {
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
  readonly intercept?: Intercept | undefined
}

/**
 * HTTP connections only to allowed addresses, in any number. They are bounded by the messages in flight: with a
 * limit of their own, a message with more attachments than that would wait for itself, and a tenant with slow
 * mail would block others from a server that both use.
 */
export function fencedAgent({ allowPrivate, connectTimeoutMs, intercept }: FencedAgentOptions): Dispatcher {
  const connect = { lookup: fencedLookup(allowPrivate), timeout: connectTimeoutMs }
  const agent = new Agent({ connect })
  return intercept === undefined ? agent : agent.compose(intercept)
}
