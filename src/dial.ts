import { type IpcNetConnectOpts, isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'

/** Where to connect to. Plain data, so that it can be posted to threads. */
export interface DialTarget {
  readonly host: string
  readonly port: number
  /** Checked addresses of the host, tried in this order; without them the host is looked up. */
  readonly addresses?: readonly string[]
  /** A Unix socket to connect to instead. */
  readonly path?: string
  /** The first so many of the addresses are as good as each other: connections begin with each in turn. */
  readonly alike?: number
  /** Own addresses to connect from, in turn. */
  readonly localAddresses?: readonly string[]
}

/** Where to connect to, and nothing else of `target`. */
export function dialTargetOf({ host, port, addresses, alike, path }: DialTarget): DialTarget {
  return {
    host,
    port,
    ...(addresses && { addresses }),
    ...(alike === undefined ? {} : { alike }),
    ...(path === undefined ? {} : { path }),
  }
}

/** Node's minimum for one attempt; its default of 250 ms is too short for a busy server. */
const LEAST_ATTEMPT_MS = 10

/**
 * Connection options that use only the checked addresses: a name that resolves differently later gains nothing
 * (DNS rebinding), and no connection waits for a name server. The next address is tried when one refuses, or
 * has not answered within its share of the time (RFC 8305 5). `turn`: which of its own addresses it connects from.
 */
export function dialOptions(
  target: DialTarget,
  withinMs: number,
  turn = 0,
): TcpNetConnectOpts | IpcNetConnectOpts {
  if (target.path !== undefined) return { path: target.path }
  const { localAddresses } = target
  const addresses =
    target.alike === undefined ? target.addresses : inTurn(target.addresses ?? [], target.alike, turn)
  if (localAddresses === undefined) return remoteOptions(target, addresses ?? [], withinMs)
  const localAddress = localAddresses[turn % localAddresses.length] as string
  const family = isIP(localAddress)
  const reached = (addresses ?? []).filter((address) => isIP(address) === family)
  return { ...remoteOptions(target, reached, withinMs), localAddress, family }
}

/** The first `alike` of them begin with another at each turn. */
function inTurn(addresses: readonly string[], alike: number, turn: number): readonly string[] {
  const first = turn % alike
  return [...addresses.slice(first, alike), ...addresses.slice(0, first), ...addresses.slice(alike)]
}

function remoteOptions(
  { host, port }: DialTarget,
  addresses: readonly string[],
  withinMs: number,
): TcpNetConnectOpts {
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
 * The order in which to try addresses: families alternate, starting with the one that the system prefers (RFC
 * 6724, RFC 8305 4), each address once. Fixed for a whole run.
 */
export function inDialOrder(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)]
  const family = isIP(distinct[0] ?? '')
  const preferred = distinct.filter((address) => isIP(address) === family)
  const others = distinct.filter((address) => isIP(address) !== family)
  const turns = Array.from({ length: Math.max(preferred.length, others.length) }, (_, turn) => turn)
  return turns.flatMap((turn) => [preferred[turn], others[turn]].filter((address) => address !== undefined))
}
