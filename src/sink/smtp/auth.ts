import type { Jim } from '../jim.ts'

/** An answer to AUTH, and the kind of line that is to come next, if the exchange goes on. */
export interface AuthStep {
  readonly reply: string
  readonly next?: AuthExchange
}
export type AuthExchange = 'plain' | 'login-user' | 'login-password' | 'cram-md5'

const OK = '235 Authentication successful\r\n'
const MALFORMED = '550 Badly formed parameter\r\n'
const UNSUPPORTED = '504 Unsupported authentication mechanism\r\n'
const REJECTED_BY_JIM = '500 Unrecognised command\r\n'
// MailHog challenges everybody with the example of RFC 2195.
const CRAM_MD5_CHALLENGE = 'PDQxOTI5NDIzNDEuMTI4Mjg0NzJAc291cmNlZm91ci5hbmRyZXcuY211LmVkdT4='

/** RFC 4954. Every user and password is right; mechanisms are case-sensitive, as in MailHog. */
export function beginAuth(args: string, jim: Jim | undefined): AuthStep {
  if (args.startsWith('PLAIN ')) return { reply: plain(args.slice('PLAIN '.length), jim) }
  if (args.startsWith('EXTERNAL ')) return { reply: verdict(jim) }
  switch (args) {
    case 'PLAIN':
      return { reply: '334 \r\n', next: 'plain' }
    case 'LOGIN':
      return { reply: '334 VXNlcm5hbWU6\r\n', next: 'login-user' }
    case 'CRAM-MD5':
      return { reply: `334 ${CRAM_MD5_CHALLENGE}\r\n`, next: 'cram-md5' }
    default:
      return { reply: UNSUPPORTED }
  }
}

export function continueAuth(exchange: AuthExchange, line: string, jim: Jim | undefined): AuthStep {
  switch (exchange) {
    case 'plain':
      return { reply: plain(line, jim) }
    case 'login-user':
      return { reply: '334 UGFzc3dvcmQ6\r\n', next: 'login-password' }
    case 'login-password':
    case 'cram-md5':
      return { reply: verdict(jim) }
    default:
      return exchange satisfies never
  }
}

/** RFC 4616: authorisation id, user and password with a NUL between each two. */
function plain(base64: string, jim: Jim | undefined): string {
  const fields = Buffer.from(base64, 'base64').toString('latin1').split('\0')
  return fields.length < 3 ? MALFORMED : verdict(jim)
}

function verdict(jim: Jim | undefined): string {
  return jim?.rejectsAuth() ? REJECTED_BY_JIM : OK
}
