import net from 'node:net'
import tls from 'node:tls'
import { dialOptions } from '../dial.ts'
import type { SmtpTarget } from './target.ts'

/**
 * All plain connections of a thread read into one buffer: `onOctets` has to be done with it when it
 * returns. This passes by the stream's own buffers and events, which cost as much as the parser.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

export interface Dialling {
  /** How long it may take to connect, whatever the number of addresses. */
  readonly withinMs: number
  /** Looks the name up, where the target does not bring its addresses. */
  readonly lookup?: net.LookupFunction | undefined
}

/** How to connect to a target; `onOctets` is told what comes, unless TLS is to take the connection over. */
export function connectOptions(
  target: SmtpTarget,
  { withinMs, lookup }: Dialling,
  onOctets: (octets: Buffer) => void,
): net.NetConnectOpts {
  const options: net.TcpNetConnectOpts = dialOptions(target, withinMs)
  options.noDelay = true
  if (lookup !== undefined) options.lookup ??= lookup
  if (target.tls.mode === 'none') {
    const callback = (length: number) => {
      onOctets(readBuffer.subarray(0, length))
      return true
    }
    options.onread = { buffer: readBuffer, callback }
  }
  return options
}

/** How to begin TLS with a target, resuming `session` where there is one. */
export function secureOptions(target: SmtpTarget, session: Buffer | undefined): tls.ConnectionOptions {
  const { verify, ca } = target.tls
  return {
    rejectUnauthorized: verify,
    ...(session === undefined ? {} : { session }),
    ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
    ...serverNameOf(target),
  }
}

/** The own address as an address literal for EHLO (RFC 5321 4.1.3). */
export function addressLiteralOf({ localAddress = '127.0.0.1', localFamily }: net.Socket): string {
  return localFamily === 'IPv6' ? `[IPv6:${localAddress}]` : `[${localAddress}]`
}

/** Server name for SNI and the certificate check; an address gets no SNI (RFC 6066 3). */
function serverNameOf(target: SmtpTarget): { servername?: string; host?: string } {
  const name = target.tls.serverName ?? target.host
  return net.isIP(name) ? { host: name } : { servername: name, host: name }
}
