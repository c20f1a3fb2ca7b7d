import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../containers/loopback.ts'
import { runs } from '../servers/tool.ts'

export const WILD_SERVERS = ['postfix', 'exim', 'opensmtpd', 'chasquid', 'aiosmtpd'] as const
export type WildServer = (typeof WILD_SERVERS)[number]

export interface RunningWildServer extends Disposable {
  readonly address: string
  /** PEM file of the certificate that it shows after STARTTLS. */
  readonly certificate: string
}

const folder = import.meta.dirname
const home = process.env.WILD_HOME ?? '/tmp/mailstorm-wild'
const whyNoCopy = canCopyMachine() ? undefined : 'needs root that may mount an overlay (test/wild/inside)'

/** Undefined when it can be started; else why not and what to do. */
export function missing(server: WildServer): string | undefined {
  const name = readFileSync(join(folder, server, 'package'), 'utf8').trim()
  if (!existsSync(join(home, 'installed', server)) && !hasPackage(name))
    return `not installed: test/wild/install ${server} (Debian package: ${name})`
  return whyNoCopy
}

/** Undefined when STARTTLS can work; else why it does not. */
export function tlsBroken(server: WildServer): string | undefined {
  return server === 'opensmtpd'
    ? 'OpenSMTPD 6.8 cannot sign with OpenSSL 3 (github.com/OpenSMTPD/OpenSMTPD/issues/1171)'
    : undefined
}

export async function startWildServer(server: WildServer): Promise<RunningWildServer> {
  const port = `${await freePort()}`
  execFileSync(join(folder, server, 'start'), [port], { stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    address: `127.0.0.1:${port}`,
    certificate: join(home, 'run', `${server}-${port}`, 'upper/etc/mailstorm/cert.pem'),
    [Symbol.dispose]: () => void execFileSync(join(folder, 'stop'), [server, port]),
  }
}

function hasPackage(name: string): boolean {
  return runs('sh', ['-c', `[ "$(dpkg-query -Wf '\${db:Status-Status}' ${name})" = installed ]`])
}

function canCopyMachine(): boolean {
  const run = mkdtempSync(join(tmpdir(), 'mailstorm-wild-'))
  try {
    return runs(join(folder, 'inside'), [run, 'true'])
  } finally {
    rmSync(run, { recursive: true, force: true })
  }
}
