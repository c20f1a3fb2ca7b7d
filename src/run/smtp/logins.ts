import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { errorText, MailstormError } from '../../error.ts'
import { mailAddress } from '../../options/address.ts'
import { oneOf } from '../../options/kind.ts'
import { publicSample } from '../../options/mail.ts'
import { type Account, type AccountTable, accountTable } from '../../smtp/login/logins.ts'
import { AUTH_MECHANISMS, type AuthMechanism, type Credentials, type Login } from '../../smtp/target.ts'
import { readCsv } from '../../text/csv.ts'
import { foreignText } from '../../text/foreign-text.ts'

/** Accounts of a CSV file with the columns user and pass, and perhaps mechanism and sender. */
export function readAccounts(path: string, allowPublic: boolean): AccountTable {
  const { rows, columns } = readCsv(path, { what: 'the accounts', columns: ['user', 'pass'] })
  const unknown = columns.filter((column) => !COLUMNS.includes(column))
  const problems = unknown.map((column) => `there is no column ${column}; known: ${COLUMNS.join(', ')}`)
  const accounts: Account[] = []
  for (const [index, row] of rows.entries()) {
    const problem = problemOf(row, allowPublic)
    // Lines of a file begin at 1, and the first names the columns.
    if (problem !== undefined) problems.push(`account ${index + 1}: ${problem}`)
    else accounts.push(accountOf(row))
  }
  if (problems.length === 0) return accountTable(accounts)
  const more = problems.length > MOST_NAMED ? [`and ${problems.length - MOST_NAMED} more`] : []
  throw new MailstormError(
    'BAD_ACCOUNTS',
    [`Failed to read the accounts in ${path}:`, ...problems.slice(0, MOST_NAMED), ...more].join('\n  '),
  )
}

const COLUMNS = ['user', 'pass', 'mechanism', 'sender']
const MOST_NAMED = 5
const mechanisms = oneOf(AUTH_MECHANISMS, 'LOGIN')

type Row = Readonly<Record<string, string>>

function problemOf({ user = '', pass = '', mechanism = '', sender = '' }: Row, allowPublic: boolean) {
  if (user === '') return 'it has no user'
  if (pass === '') return `${foreignText(user)} has no pass`
  if (/\p{Cc}/u.test(user) || /\p{Cc}/u.test(pass)) return `${foreignText(user)} has control characters`
  if (mechanism !== '' && !mechanisms.schema.safeParse(mechanism).success)
    return `mechanism ${foreignText(JSON.stringify(mechanism))} is not known. Allowed: ${AUTH_MECHANISMS.join(', ')}`
  if (sender === '') return undefined
  const given = `sender ${foreignText(JSON.stringify(sender))}`
  if (!mailAddress.schema.safeParse(sender).success) return `${given} is not a mail address`
  return allowPublic ? undefined : publicSample(given, [sender])
}

function accountOf({ user = '', pass = '', mechanism = '', sender = '' }: Row): Account {
  return {
    user,
    pass,
    ...(mechanism === '' ? {} : { mechanism: mechanism.toUpperCase() as AuthMechanism }),
    ...(sender === '' ? {} : { sender }),
  }
}

/** Logins by the credentials that they come from: a token is fetched before each load. */
export class Logins {
  readonly #known = new WeakMap<Credentials, Login>()

  /** Throws MailstormError when there is no token. */
  async find(credentials: Credentials | undefined): Promise<void> {
    if (credentials !== undefined) this.#known.set(credentials, await loginOf(credentials))
  }

  /** As it was found last. */
  of(credentials: Credentials | undefined): Login | undefined {
    if (credentials === undefined) return undefined
    const known = this.#known.get(credentials)
    if (known === undefined) throw new Error('a login was not looked up before the load')
    return known
  }
}

/** The login with its password, or with the token of its file or command. Throws MailstormError. */
export async function loginOf({
  user,
  pass,
  mechanism,
  tokenFile,
  tokenCommand,
}: Credentials): Promise<Login> {
  const asked = mechanism === undefined ? {} : { mechanism }
  if (tokenFile !== undefined) {
    const token = tokenIn(tokenFrom(tokenFile), `the file ${tokenFile}`)
    return { user, pass: token, isToken: true, tokenFile, ...asked }
  }
  if (tokenCommand !== undefined) {
    const token = tokenIn(await tokenBy(tokenCommand), 'the output of the token command')
    return { user, pass: token, isToken: true, ...asked }
  }
  return { user, pass: pass ?? '', ...asked }
}

function tokenFrom(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : errorText(error)
    throw noToken(`${path}: ${why}`)
  }
}

const COMMAND_LIMIT_MS = 30_000
const MOST_TOKEN_BYTES = 64 * 1024

/** By the shell, as a person would call it: `gcloud auth print-access-token`. Its output is never shown. */
function tokenBy(command: string): Promise<string> {
  const [shell, flag] = process.platform === 'win32' ? ['cmd.exe', '/c'] : ['/bin/sh', '-c']
  return new Promise((resolve, reject) => {
    const limits = { timeout: COMMAND_LIMIT_MS, maxBuffer: MOST_TOKEN_BYTES }
    execFile(shell as string, [flag as string, command], limits, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const { code, killed } = error
      const how = killed ? `did not end within ${COMMAND_LIMIT_MS / 1000} s` : `ended with ${code}`
      const said = foreignText(stderr.trim().split('\n').at(-1) ?? '', 200)
      reject(noToken(`the token command ${how}${said === '' ? '' : `: ${said}`}`))
    })
  })
}

function tokenIn(text: string, where: string): string {
  const token = text.trim()
  if (token === '') throw noToken(`${where} is empty`)
  // RFC 6750 2.1, b64token; and some write more of printable ASCII.
  if (!/^[\x21-\x7e]+$/.test(token)) throw noToken(`${where} has more than one line with the token alone`)
  return token
}

function noToken(why: string): MailstormError {
  return new MailstormError(
    'NO_TOKEN',
    `Failed to get the token for AUTH: ${why}.`,
    'STRESS_AUTH_TOKEN_FILE names a file with nothing but the token, STRESS_AUTH_TOKEN_COMMAND a command that prints it.',
  )
}
