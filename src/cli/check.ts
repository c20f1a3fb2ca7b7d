import { MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { environment } from '../options/process-environment.ts'
import { count, shortMilliseconds, size } from '../report/format.ts'
import { fieldLines, indent, type Page, page, section } from '../report/terminal.ts'
import { checkServer, type ServerCheck } from '../run/check.ts'
import type { Capabilities } from '../smtp/capabilities.ts'
import type { TlsSeen } from '../smtp/transport.ts'
import { foreignText } from '../text/foreign-text.ts'
import { pageFor, printJson } from './output.ts'

export interface CheckOptions {
  readonly send?: boolean
  readonly json?: boolean
  readonly tls?: string
  readonly sender?: string
  readonly recipient?: string
  readonly timeout?: string
}

/** Each server on a page of its own. The exit code is 1 when one is not ready for a load. */
export async function check(targets: readonly string[], options: CheckOptions): Promise<void> {
  const checks: ServerCheck[] = []
  const out = pageFor(process.stdout)
  // All are read before the first is reached.
  const asked = targets.map((target) => readOptions(variablesOf(target, options)))
  for (const settings of asked) {
    const one = await checkServer(settings, { send: options.send === true })
    checks.push(one)
    if (options.json !== true)
      process.stdout.write(`${checks.length > 1 ? '\n' : ''}${renderCheck(one, out)}`)
  }
  if (options.json === true) printJson(checks.length === 1 ? checks[0] : checks)
  if (checks.some(({ verdict }) => verdict !== 'ready')) process.exitCode = 1
}

function variablesOf(target: string, { tls, sender, recipient, timeout }: CheckOptions): NodeJS.ProcessEnv {
  if (target.includes(','))
    throw new MailstormError(
      'BAD_TARGET',
      `Failed to check "${target}": it is more than one server.`,
      'Separate them by spaces.',
    )
  const given = {
    STRESS_TLS: tls,
    STRESS_SENDER: sender,
    STRESS_RECIPIENT: recipient,
    STRESS_TIMEOUT: timeout,
  }
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...environment(), SMTP_TARGETS: target, STRESS_BACKEND: undefined, ...Object.fromEntries(said) }
}

const VERDICTS = {
  ready: ['green', 'is ready for a load'],
  problems: ['yellow', 'answers, with problems'],
  failed: ['red', 'cannot be sent to'],
} as const

/** For a terminal: what it is, what it offers, and what to do. */
export function renderCheck(one: ServerCheck, { paint, width }: Page): string {
  const [style, verdict] = VERDICTS[one.verdict]
  const title = paint('bold', paint(style, `${one.target} ${verdict}`))
  const problems = one.problems.flatMap(({ what, advice }) => [`- ${what}`, ...indent([advice])])
  return page([[title], fieldLines(rowsOf(one), '  '), section('What to do', problems, paint)], width)
}

type Field = readonly [label: string, value: string]

function rowsOf(one: ServerCheck): Field[] {
  const { addresses, greeting, capabilities, pipelining, message, untried } = one
  const found: Field[] = addresses.length > 0 ? [['Address', addresses.join(', ')]] : []
  if (greeting === undefined) return found
  // A session that failed before it was ready has no times to tell, and nothing was offered.
  if (capabilities === undefined) return [...found, ['Greeting', greeting]]
  return [
    ...found,
    ['Connected', `in ${shortMilliseconds(one.connect_ms ?? null)}`],
    ['Greeting', `${greeting} (${shortMilliseconds(one.greeting_ms ?? null)})`],
    ...offersOf(one, capabilities),
    ['TLS', tlsText(one)],
    ['Login', loginText(one)],
    ...(pipelining === undefined
      ? []
      : ([['Pipelining', pipeliningText(pipelining, untried?.pipelining)]] as const)),
    [
      'Message',
      message === undefined ? `none sent${whyNot(untried?.message, '--send sends one')}` : message.reply,
    ],
  ]
}

function offersOf({ protocol }: ServerCheck, capabilities: Capabilities): Field[] {
  const { pipelining, chunking, eightBitMime, smtpUtf8, dsn, xclient } = capabilities
  const names = Object.entries({
    PIPELINING: pipelining,
    CHUNKING: chunking,
    '8BITMIME': eightBitMime,
    SMTPUTF8: smtpUtf8,
    DSN: dsn,
    XCLIENT: xclient,
  }).flatMap(([name, offered]) => (offered ? [name] : []))
  return [
    ['Protocol', protocol],
    ['Offers', names.length === 0 ? 'none of the extensions that a load uses' : names.join(' ')],
    ['Largest message', largestText(capabilities)],
  ]
}

function largestText({ size: offered, sizeLimit }: Capabilities): string {
  if (!offered) return 'not told (no SIZE)'
  return sizeLimit === 0 ? 'no limit told (SIZE)' : `${size(sizeLimit)} (SIZE ${count(sizeLimit)})`
}

function tlsText({ tls }: ServerCheck): string {
  if (tls === undefined) return 'none, and not offered'
  const offer = tls.used ? '' : 'offered (STARTTLS), not used: '
  if (tls.failure !== undefined) return `${offer}${tls.failure}`
  return tls.seen === undefined ? `${offer}unknown` : `${offer}${seenText(tls.seen)}`
}

function seenText({ version, cipher, certificate, distrust }: TlsSeen): string {
  const trust = distrust === undefined ? 'trusted' : `not trusted (${distrust})`
  if (certificate === undefined) return `${version}, ${cipher}, no certificate`
  const { subject, issuer, until } = certificate
  const day = Number.isNaN(until.getTime()) ? 'unknown' : until.toISOString().slice(0, 10)
  return `${version}, ${cipher}; certificate of ${foreignText(subject)} by ${foreignText(issuer)} until ${day}, ${trust}`
}

/** What stood in the way, or else how to have it tried. */
function whyNot(untried: string | undefined, how: string): string {
  return untried === undefined ? ` (${how})` : `: ${untried}`
}

function loginText({ login, capabilities, untried }: ServerCheck): string {
  const mechanisms = capabilities?.auth ?? []
  if (login === undefined && mechanisms.length === 0) return 'not offered'
  const offered = `${foreignText(mechanisms.join(' '))} offered`
  if (login === undefined)
    return `${offered}; not tried${whyNot(untried?.login, 'STRESS_AUTH_USER and STRESS_AUTH_PASS')}`
  return login.accepted ? `as ${login.user}: accepted` : `as ${login.user}: ${login.reply ?? 'refused'}`
}

function pipeliningText(
  { level, tried, why }: NonNullable<ServerCheck['pipelining']>,
  untried: string | undefined,
): string {
  if (!tried && level === 'off') return 'not offered'
  const reason = why === undefined ? '' : `: ${why}`
  return tried
    ? `${level}, found by a trial${reason}`
    : `${level} offered, not tried${whyNot(untried, '--send tries it')}`
}
