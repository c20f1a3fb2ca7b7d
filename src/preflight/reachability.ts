import { MailstormError } from '../error.ts'
import type { SmtpTarget } from '../smtp/target.ts'
import { type Probe, probe } from './probe.ts'

export interface ReachabilityCheck {
  /** With its addresses: the name is not looked up again, so that it cannot change after the check. */
  readonly target: SmtpTarget
  readonly timeoutMs: number
}

const TLS_TRIAL_MS = 2000

/** Resolves once the target has greeted with 220; otherwise says what is there instead. */
export async function checkReachable(check: ReachabilityCheck): Promise<void> {
  const { target, timeoutMs } = check
  const seen = await probe(check)
  if (seen.kind === 'greeted' && seen.greeting.kind === 'ready') return
  const place = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
  const waitsForTls = seen.kind === 'no-greeting' && (await speaksTls(check))
  const [why, hint] = waitsForTls ? TLS_EXPECTED : wordsFor(seen, timeoutMs / 1000)
  throw new MailstormError('UNREACHABLE', `Failed to reach ${place}: ${why}`, hint)
}

/** A server with TLS from the start is silent until the client's hello (RFC 8314 3.3). */
async function speaksTls({ target }: ReachabilityCheck): Promise<boolean> {
  if (target.tls.mode === 'implicit') return false
  const secure = { ...target, tls: { mode: 'implicit', verify: false } } as const
  const seen = await probe({ target: secure, timeoutMs: TLS_TRIAL_MS })
  return seen.kind === 'greeted' && seen.greeting.kind === 'ready'
}

type Words = readonly [why: string, hint: string]

const TLS_EXPECTED: Words = [
  'it speaks TLS from the start.',
  'Set STRESS_TLS=implicit, or give its plain port.',
]

function wordsFor(seen: Probe, seconds: number): Words {
  switch (seen.kind) {
    case 'refused-connection':
      return [
        'the connection was refused; nothing listens on that port now.',
        'Start the server, or correct the port; under load a server may have closed its listening socket (RefuseLA of sendmail).',
      ]
    case 'no-connection':
      return [`no connection within ${seconds} s.`, 'Correct the address, or open the port in the firewall.']
    case 'no-greeting':
      return [
        `it took the connection but sent no greeting within ${seconds} s.`,
        'See whether the server is overloaded.',
      ]
    case 'half-greeting':
      return [
        `its greeting did not end within ${seconds} s; it began "${seen.received}".`,
        'See the log of the server.',
      ]
    case 'closed':
      return ['it closed the connection without a greeting.', 'See the log of the server.']
    case 'error':
      return errorWords(seen)
    case 'greeted':
      return greetingWords(seen)
    default:
      return seen satisfies never
  }
}

function errorWords({ code, text, secure }: Extract<Probe, { kind: 'error' }>): Words {
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return [`there is no route to it (${code}).`, 'Correct the address, or the network.']
  }
  if (secure && code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return ['it does not speak TLS from the start.', 'Set STRESS_TLS=starttls or STRESS_TLS=none.']
  }
  if (secure) {
    return [`TLS failed: ${text} (${code}).`, 'For a certificate of your own, set STRESS_TLS_VERIFY=0.']
  }
  return [`${text} (${code}).`, 'See whether this machine can connect to it at all.']
}

function greetingWords({ greeting }: Extract<Probe, { kind: 'greeted' }>): Words {
  switch (greeting.kind) {
    case 'ready':
      throw new Error('a server that is ready has no problem to be told')
    case 'refused':
      // RFC 5321 3.1: 554 in place of 220 means that there is no mail service here.
      return [`it greets with "${greeting.line}" and not with 220.`, 'See why the server takes no sessions.']
    case 'http':
      return ['an HTTP server answers there, not an SMTP server.', 'Correct the port.']
    case 'too-long':
      return [
        `its greeting has ${greeting.what}; it begins "${greeting.line}".`,
        'Shorten it: RFC 5321 4.5.3.1.5 allows lines of 512 octets.',
      ]
    case 'not-smtp':
      return [`it is no SMTP server; it says "${greeting.line}".`, 'Correct the port.']
    default:
      return greeting satisfies never
  }
}
