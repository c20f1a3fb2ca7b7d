import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, isIP } from 'node:net'
import { MailstormError } from '../../error.ts'
import type { SmtpTarget } from '../target.ts'

/**
 * Throws MailstormError unless each is an address of this machine. The system says so: of 127.0.0.0/8 it has all,
 * though its interfaces name only one.
 */
export async function checkLocalAddresses(
  addresses: readonly string[],
  targets: readonly SmtpTarget[],
): Promise<void> {
  for (const address of addresses) {
    if (/^(0\.0\.0\.0|[0:]+)$/.test(address)) throw noAddress(address, 'stands for all addresses')
    const server = createServer().listen(0, address)
    try {
      await once(server, 'listening')
    } catch {
      throw noAddress(address, 'is not an address of this machine')
    } finally {
      server.close()
    }
  }
  for (const target of targets) {
    if (target.path !== undefined)
      throw new MailstormError(
        'LOCAL_ADDRESS',
        `Failed to connect to ${target.name} from ${addresses[0]}: a Unix socket has no addresses.`,
        'Unset STRESS_LOCAL_ADDRESSES, or give targets with a port.',
      )
    const families = new Set(addresses.map(isIP))
    const reached = target.addresses ?? [target.host]
    if (!reached.some((address) => families.has(isIP(address))))
      throw new MailstormError(
        'LOCAL_ADDRESS',
        `Failed to connect to ${target.name} from ${addresses[0]}: it is ${reached.join(', ')}, of the other family.`,
        'Give STRESS_LOCAL_ADDRESSES of the family of the targets: IPv4 or IPv6.',
      )
  }
}

function noAddress(address: string, why: string): MailstormError {
  return new MailstormError(
    'LOCAL_ADDRESS',
    `Failed to connect from ${address}: it ${why}.`,
    'Correct STRESS_LOCAL_ADDRESSES; on Linux all of 127.0.0.0/8 is there, for servers on this machine.',
  )
}

export interface PortDemand {
  /** The most that may be open at once. */
  readonly sessions: number
  /** Those that begin in a minute at most; undefined where that depends on the servers. */
  readonly sessionsPerMinute: number | undefined
  readonly targets: readonly SmtpTarget[]
}

/** A port is not used again for so long (TIME_WAIT, RFC 9293 3.4.2; a minute on Linux). */
const TIME_WAIT_SECONDS = 60

/**
 * Throws MailstormError when there are fewer ports than sessions; returns a warning where ports that rest after a
 * session may be missing. Says nothing where the range is not known (not Linux).
 */
export function checkPorts(demand: PortDemand, readRange: RangeReader = readPortRange): string | undefined {
  const [, first, last] = /^(\d+)\s+(\d+)\s*$/.exec(readRange() ?? '') ?? []
  const { sessions, sessionsPerMinute = 0, targets } = demand
  const places = targets.filter(({ path }) => path === undefined)
  if (first === undefined || places.length === 0) return undefined
  const ports = Number(last) - Number(first) + 1
  // A port belongs to an address that is bound, or else to a connection's two ends.
  const own = places[0]?.localAddresses?.length
  const all = ports * (own ?? places.length)
  const from =
    own === undefined
      ? `to ${counted(places.length, 'target')}`
      : `from ${counted(own, 'local address', 'es')}`
  const budget = `${shown(all)} ports (${shown(ports)} in net.ipv4.ip_local_port_range, ${from})`
  const hint =
    'Set STRESS_LOCAL_ADDRESSES=127.0.0.2-127.0.0.20 or the like: each address has ports of its own.'
  if (sessions > all)
    throw new MailstormError(
      'PORT_LIMIT',
      `Failed to plan ${shown(sessions)} sessions: there are ${budget}.`,
      hint,
    )
  if (sessions + sessionsPerMinute <= all) return undefined
  return `Ports may run out: ${shown(sessionsPerMinute)} sessions begin in a minute, and a port may rest for ${TIME_WAIT_SECONDS} s after each; there are ${budget}. More local addresses (STRESS_LOCAL_ADDRESSES) or more messages per session need fewer.`
}

type RangeReader = () => string | undefined

function readPortRange(): string | undefined {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  } catch {
    return undefined
  }
}

function shown(count: number): string {
  return Math.ceil(count).toLocaleString('en-US')
}

function counted(count: number, what: string, plural = 's'): string {
  return `${count} ${what}${count === 1 ? '' : plural}`
}
