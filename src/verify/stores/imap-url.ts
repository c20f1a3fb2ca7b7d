/** A mailbox to read, and whose it is. */
export interface ImapMailbox {
  readonly user: string
  readonly pass: string
  readonly folder: string
  /** The user, where each has a mailbox of its own; undefined where one mailbox takes the mail of all. */
  readonly owner: string | undefined
}

export interface ImapPlace {
  readonly scheme: 'imap' | 'imaps'
  readonly host: string
  readonly port: number
  readonly tls: ImapTls
  readonly mailboxes: readonly ImapMailbox[]
  /** CSV file that they stand in, where the address has no login. */
  readonly accounts?: string
}

export const IMAP_TLS = ['verified', 'unverified', 'none'] as const
/** Whether the certificate must be valid; `none`: no STARTTLS though it is offered. */
export type ImapTls = (typeof IMAP_TLS)[number]

/** RFC 9051 2.1. */
const PORTS = { imap: 143, imaps: 993 } as const
/** Each is logged in to before the run. */
export const MOST_MAILBOXES = 10_000
const RANGE = /\{(\d+)\.\.(\d+)\}/g

const FORM = '//user:password@host[:port][/folder][?tls=unverified]'
const QUERY = '?tls=unverified, ?accounts=users.csv or both with & between can stand there'

/**
 * Reads what stands behind `imap:` or `imaps:`. `{1..100}` in the user makes so many mailboxes; in the password and
 * folder it is the same number. Characters that part the address are percent-encoded: `%40` for `@` in the user. In place
 * of a login, `?accounts=` names a CSV file of them, which is read when the store is opened.
 */
export function readImapUrl(
  scheme: 'imap' | 'imaps',
  rest: string,
): { readonly value: ImapPlace } | { readonly wrong: string } {
  const [, login = '', hostPort = '', folder = '', query = ''] =
    /^\/\/(?:(.*)@)?([^/@?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  const [, host = '', port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(hostPort) ?? []
  if (host === '') return { wrong: `is not of the form ${scheme}:${FORM}` }
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return { wrong: `has the port ${port}` }
  const asked = queryOf(query)
  if (asked === undefined || (asked.tls === 'none' && scheme === 'imaps'))
    return { wrong: `has ?${query}, and only ${QUERY}; with imap also ?tls=none` }
  const { tls, accounts } = asked
  const place = {
    scheme,
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? PORTS[scheme] : Number(port),
    tls,
  }
  if (accounts !== undefined) {
    if (login !== '') return { wrong: 'has a login before the host, and accounts: leave one of them out' }
    if (folder !== '') return { wrong: 'has a folder, and accounts, where a column folder names it' }
    return { value: { ...place, mailboxes: [], accounts } }
  }
  const colon = login.indexOf(':')
  if (colon < 1 || colon === login.length - 1) return { wrong: 'has no user and password before the host' }
  const parts = [login.slice(0, colon), login.slice(colon + 1), folder === '' ? 'INBOX' : folder]
  const range = rangeOf(parts)
  if ('wrong' in range) return range
  const mailboxes = range.numbers.map((number) => mailboxOf(parts, number))
  if (mailboxes.includes(undefined)) return { wrong: 'has a % that begins no percent-encoded character' }
  return { value: { ...place, mailboxes: mailboxes.filter((mailbox) => mailbox !== undefined) } }
}

function queryOf(query: string): { readonly tls: ImapTls; readonly accounts?: string } | undefined {
  const given = new Map<string, string>()
  for (const part of query === '' ? [] : query.split('&')) {
    const [, name = '', value = ''] = /^([a-z]+)=(.+)$/s.exec(part) ?? []
    if (!['tls', 'accounts'].includes(name) || given.has(name)) return undefined
    given.set(name, value)
  }
  const tls = IMAP_TLS.find((known) => known === (given.get('tls') ?? 'verified'))
  const accounts = given.get('accounts')
  if (tls === undefined) return undefined
  return accounts === undefined ? { tls } : { tls, accounts }
}

function rangeOf(parts: readonly string[]): { numbers: readonly (number | undefined)[] } | { wrong: string } {
  const texts = parts.flatMap((part) => [...part.matchAll(RANGE)].map(([text]) => text))
  const distinct = [...new Set(texts)]
  if (distinct.length === 0) return { numbers: [undefined] }
  if (distinct.length > 1) return { wrong: `has the ranges ${distinct.join(' and ')}, and can have one` }
  if (!/\{\d+\.\.\d+\}/.test(parts[0] ?? ''))
    return { wrong: `has the range ${distinct[0]} without one in the user` }
  const [from = 0, to = 0] = (distinct[0] ?? '').slice(1, -1).split('..').map(Number)
  if (to < from) return { wrong: `has the range ${distinct[0]}, which ends before it begins` }
  if (to - from >= MOST_MAILBOXES)
    return { wrong: `has the range ${distinct[0]}: at most ${MOST_MAILBOXES} mailboxes are read` }
  return { numbers: Array.from({ length: to - from + 1 }, (_, index) => from + index) }
}

function mailboxOf(parts: readonly string[], number: number | undefined): ImapMailbox | undefined {
  try {
    const [user = '', pass = '', folder = ''] = parts.map((part) =>
      decodeURIComponent(number === undefined ? part : part.replace(RANGE, String(number))),
    )
    return { user, pass, folder, owner: number === undefined ? undefined : user }
  } catch {
    return undefined
  }
}
