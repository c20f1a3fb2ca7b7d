import { isIP, isIPv6 } from 'node:net'
import type { SmtpTarget, TlsMode, TlsOptions } from '../smtp/target.ts'
import { DOMAIN, HOST } from './address.ts'
import { type Kind, kind } from './kind.ts'

/** How a server is named as a URL. A port of 0: the URL has to name one, or has none. */
const SCHEMES = {
  smtp: { tls: 'none', port: 25 },
  smtps: { tls: 'implicit', port: 465 },
  'smtp+starttls': { tls: 'starttls', port: 587 },
  lmtp: { tls: undefined, port: 0 },
  'lmtp+unix': { tls: undefined, port: 0 },
  mx: { tls: undefined, port: 25 },
} as const satisfies Readonly<Record<string, { readonly tls: TlsMode | undefined; readonly port: number }>>
type Scheme = keyof typeof SCHEMES

/** A server to send to, as SMTP_TARGETS names it. */
export interface ServerAddress {
  /** A name or an IP address; of `mx:`, the domain. */
  readonly host: string
  readonly port: number
  /** Absent where only host:port was given. */
  readonly scheme?: Scheme
  /** Of `lmtp+unix:`, the socket. */
  readonly path?: string
}

const MAX_TARGETS = 256
/** sun_path of unix(7) has 108 octets, with a final zero. */
const LONGEST_PATH = 107

/**
 * `host:port,host:port`, IPv6 addresses as `[::1]:25`; or URLs, whose scheme says what is spoken there. A URL holds
 * no login: it is the server's name in results, titles and process lists, where a password has no place.
 */
export const serverList: Kind<readonly ServerAddress[]> = kind(
  'host:port, smtp://host, smtps://host, smtp+starttls://host, lmtp://host:port, lmtp+unix:/path or mx:domain, separated by commas, IPv6 as [::1]:25',
  '127.0.0.1:2525,127.0.0.1:2526',
  (text) => {
    if (/:\/\/.*@/s.test(text))
      return { wrong: 'has a login in a URL; STRESS_AUTH_USER and STRESS_AUTH_PASS take it' }
    const parts = text.split(',').map((part) => part.trim())
    if (parts.length > MAX_TARGETS) return { wrong: `names more than ${MAX_TARGETS} servers` }
    const servers: ServerAddress[] = []
    for (const part of parts) {
      const server = serverAt(part)
      if (typeof server === 'string') return { wrong: `has ${JSON.stringify(part)}, ${server}` }
      const name = nameOfServer(server)
      if (servers.some((other) => nameOfServer(other) === name)) return { wrong: `names ${part} twice` }
      servers.push(Object.freeze(server))
    }
    return { value: Object.freeze(servers) }
  },
)

/** A name server: `127.0.0.1`, `127.0.0.1:5353`, `[::1]:5353`. */
export const nameServer: Kind<{ readonly host: string; readonly port: number }> = kind(
  'an IP address, with a port unless that is 53, IPv6 as [::1]:53',
  '127.0.0.1:5353',
  (text) => {
    const [, v6, v4, digits] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
    const host = v6 ?? v4 ?? text
    const port = Number(digits ?? 53)
    if (isIP(host) === 0 || !isPort(port)) return { wrong: 'is not the address of a name server' }
    return { value: Object.freeze({ host, port }) }
  },
)

/** The server, or what is wrong. */
function serverAt(text: string): ServerAddress | string {
  const [, word = '', rest = ''] = /^([a-z][a-z+]*):(?!\d*$)(.*)$/is.exec(text) ?? []
  const scheme = word.toLowerCase()
  // A host may have the name of a scheme: `mx:25`.
  if (word === '') return hostPort(text, 0) ?? 'which is not host:port'
  if (scheme === 'lmtp+unix') return unixSocket(rest)
  if (scheme === 'mx') return mailDomain(rest)
  if (!rest.startsWith('//')) return 'which is not host:port'
  if (scheme !== 'smtp' && scheme !== 'smtps' && scheme !== 'smtp+starttls' && scheme !== 'lmtp')
    return `whose scheme ${scheme}:// is not known`
  const server = hostPort(rest.slice(2).replace(/\/$/, ''), SCHEMES[scheme].port)
  if (server !== undefined) return { ...server, scheme }
  return scheme === 'lmtp'
    ? 'which is not lmtp://host:port'
    : `which is not ${scheme}://host or ${scheme}://host:port`
}

function unixSocket(rest: string): ServerAddress | string {
  const path = rest.replace(/^\/{2,}/, '/')
  if (!/^\/./.test(path) || /\p{Cc}/u.test(path)) return 'which has no absolute path: lmtp+unix:/path'
  if (Buffer.byteLength(path) > LONGEST_PATH)
    return `whose path is longer than ${LONGEST_PATH} octets, as sockets have it`
  return { host: 'localhost', port: 0, scheme: 'lmtp+unix', path }
}

function mailDomain(rest: string): ServerAddress | string {
  const [, domain = '', digits] = /^([^:]*)(?::(\d{1,5}))?$/.exec(rest.toLowerCase()) ?? []
  const port = Number(digits ?? SCHEMES.mx.port)
  if (!DOMAIN.test(domain) || !isPort(port)) return 'which is not mx:domain'
  return { host: domain, port, scheme: 'mx' }
}

/** `byDefault`: the port where none is named; 0 when one has to be. */
function hostPort(text: string, byDefault: number): ServerAddress | undefined {
  const [, address, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = Number(digits ?? byDefault)
  if (!isPort(port)) return undefined
  if (address !== undefined) return isIPv6(address) ? { host: address, port } : undefined
  return name !== undefined && HOST.test(name) ? { host: name.toLowerCase(), port } : undefined
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

/** Name in results: as it was given, with its port; `host:port` where there was no more. */
export function nameOfServer({ host, port, scheme, path }: ServerAddress): string {
  if (path !== undefined) return `lmtp+unix:${path}`
  if (scheme === 'mx') return port === SCHEMES.mx.port ? `mx:${host}` : `mx:${host}:${port}`
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return scheme === undefined ? place : `${scheme}://${place}`
}

/** The encryption that its scheme asks for, where that says anything of it. */
export function tlsOfServer({ scheme }: ServerAddress): TlsMode | undefined {
  return scheme === undefined ? undefined : SCHEMES[scheme].tls
}

/** Where and how to send to it; `tls` says nothing of the mode where the server's scheme does. */
export function targetAt(
  server: ServerAddress,
  tls: Omit<TlsOptions, 'mode'> & { readonly mode: TlsMode | undefined },
): SmtpTarget {
  const { host, port, scheme, path } = server
  return {
    name: nameOfServer(server),
    host,
    port,
    ...(path === undefined ? {} : { path }),
    ...(scheme === 'lmtp' || scheme === 'lmtp+unix' ? { protocol: 'lmtp' } : {}),
    tls: { ...tls, mode: tlsOfServer(server) ?? tls.mode ?? 'none' },
  }
}
