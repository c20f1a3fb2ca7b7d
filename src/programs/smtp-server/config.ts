import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { LOOPBACK } from '../../listening.ts'
import { kind, listenHost, listenPort, matching, trueOrFalse, wholeNumber } from '../../options/kind.ts'
import { optional, readSettings, type SettingValues, setting, settingsError } from '../../options/settings.ts'

/** All settings of the SMTP server program, from its environment. Frozen. */
export interface ServerConfig {
  readonly domain: string
  readonly host: string
  /** 0: any free port; the ready line reports it. */
  readonly port: number
  /** Port of the implicit TLS listener (RFC 8314 3); undefined: none. */
  readonly implicitTlsPort: number | undefined
  readonly maxConnections: number
  readonly maxMessageBytes: number
  /** Offer CHUNKING and take BDAT (RFC 3030); true unless told otherwise. */
  readonly chunking: boolean
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Without credentials every AUTH succeeds. */
  readonly credentials: { readonly user: string; readonly pass: string } | undefined
  readonly controlHost: string
  readonly controlPort: number
  /** Undefined: a temporary file, removed when the server ends. */
  readonly ledgerFile: string | undefined
  /**
   * Whether the file is temporary although it was named: a restarted server continues the file of its earlier
   * life, and it is removed when the parent process has gone.
   */
  readonly ledgerTemporary: boolean
}

const domainName = matching(/^[A-Za-z0-9._:-]{1,255}$/, 'a domain name', 'smtp1.test.local')
const printable = matching(/^[\x21-\x7e]{1,255}$/, 'printable ASCII without spaces', 'user')

const pem = kind('PEM text, or the path of a file with it', 'server.pem', (text) => {
  if (text.includes('-----BEGIN ')) return { value: text }
  try {
    return { value: readFileSync(text, 'utf8') }
  } catch (error) {
    return { wrong: `cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
})

const SETTINGS = {
  domain: setting('SMTP_DOMAIN', domainName, 'localhost'),
  host: setting('SMTP_HOST', listenHost, LOOPBACK),
  port: setting('SMTP_PORT', listenPort, '2525'),
  implicitTlsPort: optional('SMTP_TLS_PORT', listenPort),
  cert: optional('SMTP_TLS_CERT', pem),
  key: optional('SMTP_TLS_KEY', pem, true),
  maxConnections: setting('SMTP_MAX_CONNECTIONS', wholeNumber({ min: 1, max: 1_000_000 }), '100'),
  maxMessageBytes: setting('SMTP_MAX_MESSAGE_SIZE', wholeNumber({ min: 1, max: 2 ** 40 }), '10485760'),
  chunking: setting('SMTP_CHUNKING', trueOrFalse, 'true'),
  user: optional('SMTP_AUTH_USER', printable),
  pass: optional('SMTP_AUTH_PASS', printable, true),
  controlHost: setting('CONTROL_HOST', listenHost, LOOPBACK),
  controlPort: setting('CONTROL_PORT', listenPort, '0'),
  ledgerFile: optional(
    'LEDGER_FILE',
    kind('a path', 'ledger.ndjson', (value) => ({ value })),
  ),
  ledgerTemporary: setting('LEDGER_TEMPORARY', trueOrFalse, 'false'),
}

type Values = SettingValues<typeof SETTINGS>

/** Reads the configuration; throws one error that lists every problem. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const { values, problems } = readSettings(SETTINGS, env)
  if (values !== undefined) problems.push(...contradictionsOf(values))
  if (values === undefined || problems.length > 0)
    throw settingsError('BAD_CONFIG', 'Failed to read the configuration', problems)
  const { cert, key, user, pass, ...others } = values
  return Object.freeze({
    ...others,
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    credentials: user === undefined || pass === undefined ? undefined : { user, pass },
  })
}

function contradictionsOf({ cert, key, user, pass, ...values }: Values): string[] {
  const problems: string[] = []
  if ((cert === undefined) !== (key === undefined)) {
    problems.push('SMTP_TLS_CERT and SMTP_TLS_KEY: give both or neither')
  } else if (cert !== undefined && key !== undefined) {
    try {
      createSecureContext({ cert, key })
    } catch (error) {
      problems.push(`SMTP_TLS_CERT and SMTP_TLS_KEY: not a matching pair (${(error as Error).message})`)
    }
  }
  if (values.implicitTlsPort !== undefined && cert === undefined) {
    problems.push('SMTP_TLS_PORT: needs SMTP_TLS_CERT and SMTP_TLS_KEY')
  }
  if ((user === undefined) !== (pass === undefined)) {
    problems.push('SMTP_AUTH_USER and SMTP_AUTH_PASS: give both or neither')
  }
  if (values.ledgerTemporary && values.ledgerFile === undefined) {
    problems.push('LEDGER_TEMPORARY: needs LEDGER_FILE; without one the ledger is temporary anyway')
  }
  return problems
}
