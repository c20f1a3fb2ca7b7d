import { errorText } from './error.ts'

/**
 * The text of a TLS error, the same in every run. OpenSSL's text starts with a thread id and ends with a source
 * file and line (`00C6…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…:355:`): only
 * its reason is kept. Node's advice after a semicolon is dropped.
 */
export function tlsErrorText(error: Error & { readonly reason?: unknown }): string {
  const inMessage = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(error.message)?.[1]
  if (inMessage === undefined) return errorText(error).split(';')[0] ?? ''
  const reason = (typeof error.reason === 'string' ? error.reason : inMessage).trim()
  return `${meaningOf(reason)} (OpenSSL: ${reason})`
}

/** Reasons by which OpenSSL says that the data is not a TLS record at all (RFC 8446 5.1). */
const NOT_TLS = [
  'wrong version number',
  'packet length too long',
  'record layer failure',
  'http request',
  'https proxy request',
  'bad record type',
  'unexpected message',
]

function meaningOf(reason: string): string {
  if (NOT_TLS.includes(reason)) return 'the answer to the TLS handshake is not TLS'
  // RFC 8446 6: an alert announces why the other side closes.
  if (/alert/.test(reason)) return 'the other side ended TLS by an alert'
  return 'TLS failed'
}
