import { once } from 'node:events'
import { type AddressInfo, isIP, type Server } from 'node:net'
import { errorText, MailstormError } from './error.ts'

/** Default address of everything that only this machine has to reach. */
export const LOOPBACK = '127.0.0.1'

/** Whether a host is a loopback address, unreachable from other machines (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export interface ListenAddress {
  /** Undefined: all addresses of this machine. */
  readonly host?: string | undefined
  /** 0: any free port. */
  readonly port: number
}

/**
 * Resolves with the port once the server listens. `origin` says where the address came from, for errors:
 * `(SMTP_PORT)`, `for a tenant`.
 */
export async function listening(server: Server, address: ListenAddress, origin: string): Promise<number> {
  const { host, port } = address
  server.listen({ port, ...(host === undefined ? {} : { host }) })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenFailure(error, address, origin)
  }
  return (server.address() as AddressInfo).port
}

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ['the port is taken', 'Stop what listens there, or choose another port (0 = any free one).'],
  EACCES: ['it is not permitted', 'Ports below 1024 need privileges: choose a higher one.'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Use 127.0.0.1, or 0.0.0.0 for all addresses.'],
  ENOTFOUND: ['the host name has no address', 'Use 127.0.0.1, or 0.0.0.0 for all addresses.'],
}

/** The error for a port that cannot be opened, with what to do about it. */
export function listenFailure(
  error: unknown,
  { host = '*', port }: ListenAddress,
  origin: string,
): MailstormError {
  const { why, hint } = whyNotListening(error)
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return new MailstormError('LISTEN', `Failed to listen on ${at} ${origin}: ${why}.`, hint)
}

export function whyNotListening(error: unknown): { readonly why: string; readonly hint: string | undefined } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const [why, hint] = REASONS[code] ?? [errorText(error), undefined]
  return { why, hint }
}
