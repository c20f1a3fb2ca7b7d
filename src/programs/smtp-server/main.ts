import { mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { MailstormError } from '../../error.ts'
import { readServerConfig, type ServerConfig } from './config.ts'
import { ControlApi } from './control-api.ts'
import { Ledger } from './ledger.ts'
import { SmtpListeners } from './smtp-listeners.ts'

// The SMTP server program: `SMTP_PORT=2525 node src/programs/smtp-server/main.ts`. A line of JSON on stdout
// reports that it is ready and where; errors go to stderr. Exit code 2: bad configuration, 1: any other error.

const BAD_CONFIG = 2

let isReady = false

// Everything accepted is already in the ledger file, so there is nothing to wait for.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
// The parent process has ended, one way or another.
process.once('disconnect', () => process.exit(0))

try {
  await serve(readServerConfig(process.env))
} catch (error) {
  console.error((error as Error).message)
  process.exit(error instanceof MailstormError && error.code === 'BAD_CONFIG' ? BAD_CONFIG : 1)
}

async function serve(config: ServerConfig): Promise<void> {
  const ledger = await Ledger.open(ledgerPath(config))
  const smtp = await SmtpListeners.open(config, ledger)
  const control = await ControlApi.open(config, ledger)
  const ready = {
    smtp_port: smtp.port,
    implicit_tls_port: smtp.implicitTlsPort ?? null,
    control_port: control.port,
    ledger_file: ledger.path,
    pid: process.pid,
  }
  console.log(JSON.stringify(ready))
  isReady = true
}

/**
 * A temporary ledger is left for a living parent, which knows the file from the ready line: however we end, it
 * can read what was acknowledged, and it removes the file.
 */
function ledgerPath({ ledgerFile, ledgerTemporary }: ServerConfig): string {
  if (ledgerFile !== undefined && !ledgerTemporary) return ledgerFile
  const folder = ledgerFile === undefined ? mkdtempSync(join(tmpdir(), 'mailstorm-smtp-server-')) : undefined
  const path = ledgerFile ?? join(folder ?? '', 'ledger.ndjson')
  process.once('exit', () => {
    const isKnown = isReady || ledgerFile !== undefined
    if (process.connected && isKnown) return
    rmSync(path, { force: true })
    // Only an empty folder is ours to remove.
    if (readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path))
  })
  return path
}
