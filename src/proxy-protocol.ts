import { isIPv4, type Socket } from 'node:net'

export const PROXY_VERSIONS = ['v1', 'v2'] as const
/** Version of the PROXY protocol: v1 is a line of text, v2 is binary. */
export type ProxyVersion = (typeof PROXY_VERSIONS)[number]

/**
 * What a client says as a balancer would that stands before the server: whose connection it passes on
 * (haproxy.org/download/3.0/doc/proxy-protocol.txt).
 */
export interface ProxyProtocol {
  readonly version: ProxyVersion
  /** Addresses that connections are said to come from, in turn; absent: their own. */
  readonly sources?: readonly string[]
}

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>

/** The first octets of a connection, before TLS. `turn`: which of the addresses it is said to come from. */
export function proxyHeader({ version, sources = [] }: ProxyProtocol, ends: Ends, turn: number): Buffer {
  const { localAddress = '127.0.0.1', localPort = 0, remoteAddress = '127.0.0.1', remotePort = 0 } = ends
  const given = sources.length === 0 ? localAddress : (sources[turn % sources.length] as string)
  const [source, destination] = inOneFamily(given, remoteAddress)
  return version === 'v1'
    ? textHeader(source, localPort, destination, remotePort)
    : binaryHeader(source, localPort, destination, remotePort)
}

/** Both are of one family (section 2): an IPv4 address beside an IPv6 one is written as a mapped one (RFC 4291 2.5.5.2). */
function inOneFamily(source: string, destination: string): readonly [source: string, destination: string] {
  if (isIPv4(source) === isIPv4(destination)) return [source, destination]
  return isIPv4(source) ? [`::ffff:${source}`, destination] : [source, `::ffff:${destination}`]
}

/** Section 2.1. */
function textHeader(source: string, sourcePort: number, destination: string, port: number): Buffer {
  const family = isIPv4(source) ? 'TCP4' : 'TCP6'
  return Buffer.from(`PROXY ${family} ${source} ${destination} ${sourcePort} ${port}\r\n`, 'latin1')
}

/** Section 2.2. */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Version 2, command PROXY; TCP over IPv4 or IPv6. */
const PROXY_COMMAND = 0x21
const TCP_OVER = { ipv4: 0x11, ipv6: 0x21 } as const

function binaryHeader(source: string, sourcePort: number, destination: string, port: number): Buffer {
  const octets = isIPv4(source) ? ipv4Octets : ipv6Octets
  const addresses = [...octets(source), ...octets(destination)]
  const ports = [sourcePort >> 8, sourcePort & 0xff, port >> 8, port & 0xff]
  const family = isIPv4(source) ? TCP_OVER.ipv4 : TCP_OVER.ipv6
  const length = addresses.length + ports.length
  return Buffer.concat([SIGNATURE, Buffer.from([PROXY_COMMAND, family, 0, length, ...addresses, ...ports])])
}

function ipv4Octets(address: string): number[] {
  return address.split('.').map(Number)
}

/** RFC 4291 2.2: `::` stands for groups of zero, and the last two may be written as an IPv4 address. */
function ipv6Octets(address: string): number[] {
  const [plain = ''] = address.split('%')
  const groups = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  )
  const [head = '', tail] = groups.split('::')
  const front = groupsOf(head)
  const back = groupsOf(tail ?? '')
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0)
  return [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff])
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
