import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { errorText, MailstormError } from '../../error.ts'
import { addressesIn, claimedIn, claimedProblem } from '../../options/client.ts'
import type { ProxyVersion } from '../../proxy-protocol.ts'
import type { SmtpTarget, TlsOptions, TlsVersion } from '../../smtp/target.ts'

/** Where sessions come from, and as whom the client presents itself. */
export interface ClientSpec {
  /**
   * Name of the client in EHLO and LHLO: a domain, or an address literal such as `[192.0.2.1]`.
   *
   * @defaultValue its own address, as `[127.0.0.1]`
   */
  readonly ehloName?: string
  /**
   * Addresses of this machine to connect from, separated by commas; ranges of IPv4 as `127.0.0.2-127.0.0.20`. Each
   * session takes the next. Each address has ports of its own, so that they allow more sessions than one has ports.
   */
  readonly localAddresses?: string
  /** Begin each connection as a balancer would, by the PROXY protocol, before TLS. */
  readonly proxyProtocol?: ProxyVersion
  /**
   * Addresses that `proxyProtocol` says the sessions come from, each the next; as `localAddresses`. Only those for
   * documentation (RFC 5737) and private ones, unless `ALLOW_PUBLIC_TARGETS=1`.
   *
   * @defaultValue the address that the session comes from
   */
  readonly proxySource?: string
  /** Attributes of XCLIENT, as `ADDR=192.0.2.1 NAME=client.example.test`, for a Postfix that trusts this client. */
  readonly xclient?: string
  /**
   * Oldest version of TLS to accept.
   *
   * @defaultValue `'TLSv1.2'`
   */
  readonly tlsMinVersion?: TlsVersion
  /** PEM file of the certificate that the client shows; needs `tlsKey`. */
  readonly tlsCert?: string
  /** PEM file of its key. */
  readonly tlsKey?: string
  /**
   * Name to ask the server for (SNI), which its certificate must have.
   *
   * @defaultValue the host of the target
   */
  readonly tlsServerName?: string
}

/** The same, as each target of a load has it. */
export type ClientIdentity = Pick<SmtpTarget, 'ehloName' | 'localAddresses' | 'proxy' | 'xclient'> & {
  readonly tls?: Pick<TlsOptions, 'minVersion' | 'cert' | 'key' | 'serverName'>
}

/** What makes no sense together, each in a sentence. */
export function clientProblems(spec: ClientSpec, allowPublic: boolean): string[] {
  const { proxyProtocol, proxySource, xclient, tlsCert, tlsKey } = spec
  const problems: string[] = []
  if (proxySource !== undefined && proxyProtocol === undefined)
    problems.push('proxySource changes nothing without proxyProtocol: set it too, or leave it out.')
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    problems.push('tlsCert and tlsKey belong together: name both files, or neither.')
  if (allowPublic) return problems
  const claimed = [
    proxySource !== undefined &&
      claimedProblem(`proxySource ${JSON.stringify(proxySource)}`, addressesIn(proxySource)),
    xclient !== undefined && claimedProblem(`xclient ${JSON.stringify(xclient)}`, claimedIn(xclient)),
  ]
  return [...problems, ...claimed.filter((problem) => typeof problem === 'string')]
}

/** Undefined where nothing is said. Throws MailstormError when the certificate or its key cannot be used. */
export function clientOf(spec: ClientSpec): ClientIdentity | undefined {
  const { ehloName, localAddresses, proxyProtocol, proxySource, xclient } = spec
  const tls = tlsOf(spec)
  const identity: ClientIdentity = {
    ...(ehloName !== undefined && { ehloName }),
    ...(localAddresses !== undefined && { localAddresses: addressesIn(localAddresses) }),
    ...(proxyProtocol !== undefined && {
      proxy: {
        version: proxyProtocol,
        ...(proxySource !== undefined && { sources: addressesIn(proxySource) }),
      },
    }),
    ...(xclient !== undefined && { xclient }),
    ...(Object.keys(tls).length > 0 && { tls }),
  }
  return Object.keys(identity).length === 0 ? undefined : identity
}

function tlsOf({
  tlsMinVersion,
  tlsServerName,
  tlsCert,
  tlsKey,
}: ClientSpec): NonNullable<ClientIdentity['tls']> {
  const pair = tlsCert === undefined || tlsKey === undefined ? undefined : readPair(tlsCert, tlsKey)
  return {
    ...(tlsMinVersion !== undefined && { minVersion: tlsMinVersion }),
    ...(tlsServerName !== undefined && { serverName: tlsServerName }),
    ...pair,
  }
}

function readPair(certPath: string, keyPath: string): { readonly cert: string; readonly key: string } {
  const cert = readPem('certificate of the client', certPath)
  const key = readPem('key of the client', keyPath)
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new MailstormError(
      'TLS_FILE',
      `Failed to use the certificate ${JSON.stringify(certPath)} with the key ${JSON.stringify(keyPath)}: ${errorText(error)}.`,
      'Name PEM files of a certificate and of its own key, without a passphrase (STRESS_TLS_CERT, STRESS_TLS_KEY).',
    )
  }
  return { cert, key }
}

function readPem(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new MailstormError(
      'TLS_FILE',
      `Failed to read the ${what} ${JSON.stringify(path)}: ${errorText(error)}.`,
      'Correct STRESS_TLS_CERT and STRESS_TLS_KEY, or make the files readable.',
    )
  }
}
