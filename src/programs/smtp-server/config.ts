import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { MailstormError } from '../../error.ts'
import { cutText } from '../../foreign-text.ts'
import { LOOPBACK } from '../../listening.ts'

/** All the SMTP server program can be told, from its environment. Frozen. */
export interface ServerConfig {
  readonly domain: string
  readonly host: string
  /** 0 = any free port; the ready line says which. */
  readonly port: number
  /** Port of the implicit TLS listener (RFC 8314 3); undefined = none. */
  readonly implicitTlsPort: number | undefined
  readonly maxConnections: number
  readonly maxMessageBytes: number
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Without credentials every AUTH succeeds. */
  readonly credentials: { readonly user: string; readonly pass: string } | undefined
  readonly controlHost: string
  readonly controlPort: number
  /** Undefined = a temporary file that goes when the server ends. */
  readonly ledgerFile: string | undefined
  /** The file goes when the process that forked this one has gone: it is what an earlier life of ours began. */
  readonly ledgerTemporary: boolean
}

function integer(least: number, most: number) {
  const allowed = `a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: allowed, abort: true })
    .transform(Number)
    .refine((value) => value >= least && value <= most, allowed)
}

const port = integer(0, 65_535)
const word = (allowed: string) => z.string().regex(/^[A-Za-z0-9._:-]{1,255}$/, allowed)
const printable = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'printable ASCII without spaces')

const pem = z.string().transform((value, context) => {
  if (value.includes('-----BEGIN ')) return value
  try {
    return readFileSync(value, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code
    context.addIssue({ code: 'custom', message: `PEM text or the path of a file that can be read (${why})` })
    return z.NEVER
  }
})

const environment = z.object({
  SMTP_DOMAIN: word('a domain name').default('localhost'),
  SMTP_HOST: word('an address to listen on').default(LOOPBACK),
  SMTP_PORT: port.default(2525),
  SMTP_TLS_PORT: port.optional(),
  SMTP_TLS_CERT: pem.optional(),
  SMTP_TLS_KEY: pem.optional(),
  SMTP_MAX_CONNECTIONS: integer(1, 1_000_000).default(100),
  SMTP_MAX_MESSAGE_SIZE: integer(1, 2 ** 40).default(10 * 1024 * 1024),
  SMTP_AUTH_USER: printable.optional(),
  SMTP_AUTH_PASS: printable.optional(),
  CONTROL_HOST: word('an address to listen on').default(LOOPBACK),
  CONTROL_PORT: port.default(0),
  LEDGER_FILE: z.string().optional(),
  LEDGER_TEMPORARY: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
})

type Environment = z.output<typeof environment>

/** Names whose value is never repeated in a message. */
const SECRET = new Set(['SMTP_TLS_KEY', 'SMTP_AUTH_PASS'])

/** Reads the configuration; throws one error that names every problem at once. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const given = Object.fromEntries(
    Object.keys(environment.shape).map((name) => [name, env[name] === '' ? undefined : env[name]]),
  )
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    throw badConfig(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0])
        const value = SECRET.has(name) ? 'what was given' : JSON.stringify(shortened(given[name] ?? ''))
        return `${name}: ${value} is not ${issue.message}`
      }),
    )
  }
  const contradictions = contradictionsOf(parsed.data)
  if (contradictions.length > 0) throw badConfig(contradictions)
  return configOf(parsed.data)
}

function contradictionsOf(values: Environment): string[] {
  const { SMTP_TLS_CERT: cert, SMTP_TLS_KEY: key } = values
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
  if (values.SMTP_TLS_PORT !== undefined && cert === undefined) {
    problems.push('SMTP_TLS_PORT: needs SMTP_TLS_CERT and SMTP_TLS_KEY')
  }
  if ((values.SMTP_AUTH_USER === undefined) !== (values.SMTP_AUTH_PASS === undefined)) {
    problems.push('SMTP_AUTH_USER and SMTP_AUTH_PASS: give both or neither')
  }
  if (values.LEDGER_TEMPORARY === 'true' && values.LEDGER_FILE === undefined) {
    problems.push('LEDGER_TEMPORARY: needs LEDGER_FILE; without one the ledger is temporary anyway')
  }
  return problems
}

function configOf(values: Environment): ServerConfig {
  const { SMTP_TLS_CERT: cert, SMTP_TLS_KEY: key, SMTP_AUTH_USER: user, SMTP_AUTH_PASS: pass } = values
  return Object.freeze({
    domain: values.SMTP_DOMAIN,
    host: values.SMTP_HOST,
    port: values.SMTP_PORT,
    implicitTlsPort: values.SMTP_TLS_PORT,
    maxConnections: values.SMTP_MAX_CONNECTIONS,
    maxMessageBytes: values.SMTP_MAX_MESSAGE_SIZE,
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    credentials: user === undefined || pass === undefined ? undefined : { user, pass },
    controlHost: values.CONTROL_HOST,
    controlPort: values.CONTROL_PORT,
    ledgerFile: values.LEDGER_FILE,
    ledgerTemporary: values.LEDGER_TEMPORARY === 'true',
  })
}

function badConfig(problems: string[]): MailstormError {
  const list = problems.map((problem) => `  ${problem}`).join('\n')
  return new MailstormError('BAD_CONFIG', `Failed to read the configuration:\n${list}`)
}

function shortened(value: string): string {
  return cutText(value, 60)
}
