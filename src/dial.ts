import { isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'

/** Where to connect to; plain data, so that it can cross threads. */
export interface DialTarget {
  readonly host: string
  readonly port: number
  /** The addresses of the host that were checked, the first to be tried first; without them it is looked up. */
  readonly addresses?: readonly string[]
}

/** Node's least for one attempt; a busy server needs more than its default of 250 ms. */
const LEAST_ATTEMPT_MS = 10

/**
 * How to connect to a place by the addresses that were checked and by no others: a name whose answer has
 * changed since gains nothing, and no connection waits for a name server. Of several addresses the next is
 * tried where one refuses, or has not answered in its share of the time (RFC 8305 5).
 */
export function dialOptions({ host, port, addresses = [] }: DialTarget, withinMs: number): TcpNetConnectOpts {
  const [first] = addresses
  if (first === undefined) return { host, port }
  if (addresses.length === 1) return { host: first, port }
  const known = addresses.map((address) => ({ address, family: isIP(address) }))
  const lookup: LookupFunction = (_host, { all }, answer) =>
    all === true ? answer(null, known) : answer(null, first, isIP(first))
  const attemptMs = Math.max(LEAST_ATTEMPT_MS, Math.floor(withinMs / addresses.length))
  return { host, port, lookup, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptMs }
}

/**
 * The order in which addresses are tried: the families in turn, beginning with the one that the system
 * prefers (RFC 6724, RFC 8305 4), each address once. It is settled once for a run.
 */
export function inDialOrder(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)]
  const family = isIP(distinct[0] ?? '')
  const preferred = distinct.filter((address) => isIP(address) === family)
  const others = distinct.filter((address) => isIP(address) !== family)
  const turns = Array.from({ length: Math.max(preferred.length, others.length) }, (_, turn) => turn)
  return turns.flatMap((turn) => [preferred[turn], others[turn]].filter((address) => address !== undefined))
}
