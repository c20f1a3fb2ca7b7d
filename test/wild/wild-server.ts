import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../containers/loopback.ts'
import { runs } from '../servers/tool.ts'

export const WILD_SERVERS = [
  'postfix',
  'exim',
  'opensmtpd',
  'chasquid',
  'aiosmtpd',
  'greenmail',
  'subethasmtp',
  'james',
  'dumbster',
  'sendria',
  'salmon',
  'bonzo',
  'haraka',
  'smtp-tester',
  'smtp-protocol',
  'go-smtp',
  'maddy',
  'mailin-embedded',
  'smtp-server',
  'mhale-smtpd',
  'chrj-smtpd',
  'go-guerrilla',
  'sendmail',
  'courier',
  'qpsmtpd',
  'net-smtp-server',
  'postfix-trixie',
  'exim-trixie',
  'slimta',
  'localmail',
  'net-server-mail',
] as const
export type WildServer = (typeof WILD_SERVERS)[number]

/** Servers whose mail can be read. */
export const WILD_STORES = [
  'mailpit',
  'inbucket',
  'maildev',
  'mailhog',
  'dovecot',
  'dovecot-submission',
] as const
export type WildStore = (typeof WILD_STORES)[number]

export interface RunningWildServer extends Disposable {
  readonly address: string
  /** PEM file of the certificate that it shows after STARTTLS. */
  readonly certificate: string
  /** What it wrote to its output. */
  readonly log: string
  /** The root of the files that it sees and changed. */
  readonly root: string
}

export interface RunningWildStore extends Disposable {
  /** SMTP; of Dovecot LMTP. */
  readonly port: number
  /** HTTP; of Dovecot IMAP and IMAP over TLS; of its submission HTTP of the sink behind it, and SMTP of that. */
  readonly readPorts: readonly [number, number]
  readonly certificate: string
}

const run = promisify(execFile)
const folder = import.meta.dirname
const home = process.env.WILD_HOME ?? '/tmp/mailstorm-wild'
const whyNoCopy = canCopyMachine() ? undefined : 'needs root that may mount an overlay (test/wild/inside)'

/** Undefined when it can be started; else why not and what to do. Of a server by its folder's name. */
export function missing(server: string): string | undefined {
  const name = readFileSync(join(folder, server, 'package'), 'utf8').trim()
  if (!existsSync(join(home, 'installed', server)) && !hasPackage(name))
    return `not installed: test/wild/install ${server} (${name.includes(':') ? name : `Debian package: ${name}`})`
  return whyNoCopy
}

/** Where an installed server's files are. */
export function installed(server: string): string {
  return join(home, 'installed', server)
}

const NO_STARTTLS: readonly string[] = [
  'greenmail',
  'subethasmtp',
  'james',
  'dumbster',
  'sendria',
  'salmon',
  'bonzo',
  'smtp-tester',
  'qpsmtpd',
  'net-smtp-server',
  'slimta',
  'localmail',
  'net-server-mail',
] satisfies readonly WildServer[]

/** Undefined when STARTTLS can work; else why it does not. */
export function tlsBroken(server: WildServer): string | undefined {
  if (NO_STARTTLS.includes(server)) return 'STARTTLS is not offered'
  return server === 'opensmtpd'
    ? 'OpenSMTPD 6.8 cannot sign with OpenSSL 3 (github.com/OpenSMTPD/OpenSMTPD/issues/1171)'
    : undefined
}

export async function startWildServer(
  server: WildServer,
  options: readonly string[] = [],
): Promise<RunningWildServer> {
  const port = `${await freePort()}`
  execFileSync(join(folder, server, 'start'), [port, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const place = join(home, 'run', `${server}-${port}`)
  return {
    address: `127.0.0.1:${port}`,
    certificate: join(place, 'upper/etc/mailstorm/cert.pem'),
    log: join(place, 'log'),
    root: join(place, 'upper'),
    [Symbol.dispose]: () => void execFileSync(join(folder, 'stop'), [server, port]),
  }
}

/** Runs a shell script among the processes and files of a server. */
export async function runInside({ root }: Pick<RunningWildServer, 'root'>, script: string): Promise<string> {
  const { stdout: child } = await run('pgrep', ['-P', readFileSync(join(root, '../pid'), 'utf8').trim()])
  const args = ['--target', child.trim(), '--mount', '--pid', '--root', '--wd', 'sh', '-euc', script]
  const { stdout } = await run('nsenter', args)
  return stdout
}

export async function startWildStore(
  store: WildStore,
  options: readonly string[] = [],
): Promise<RunningWildStore> {
  const [port, first, second] = [await freePort(), await freePort(), await freePort()]
  const ports = store.startsWith('dovecot') ? [port, first, second] : [port, first]
  const start = join(folder, store, 'start')
  execFileSync(start, [...ports.map(String), ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    port,
    readPorts: [first, second],
    certificate: join(home, 'run', `${store}-${port}`, 'upper/etc/mailstorm/cert.pem'),
    [Symbol.dispose]: () => void execFileSync(join(folder, 'stop'), [store, String(port)]),
  }
}

function hasPackage(names: string): boolean {
  if (names.includes(':')) return false
  return names
    .split(' ')
    .every((name) => runs('sh', ['-c', `[ "$(dpkg-query -Wf '\${db:Status-Status}' ${name})" = installed ]`]))
}

function canCopyMachine(): boolean {
  const run = mkdtempSync(join(tmpdir(), 'mailstorm-wild-'))
  try {
    return runs(join(folder, 'inside'), [run, 'true'])
  } finally {
    rmSync(run, { recursive: true, force: true })
  }
}
