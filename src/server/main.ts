import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MailstormError } from '../error.ts'
import { readServerConfig, type ServerConfig } from './config.ts'
import { ControlApi } from './control-api.ts'
import { Ledger } from './ledger.ts'
import { SmtpListeners } from './smtp-listeners.ts'

// The SMTP server program: `SMTP_PORT=2525 node src/server/main.ts`. One line of JSON on stdout says
// that it is ready and where; its errors go to stderr. Exit code 2: bad configuration, 1: any other.

const BAD_CONFIG = 2

// Everything accepted is in the ledger's file already, so that there is nothing to wait for.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
// The process that forked us is gone, however it ended.
process.once('disconnect', () => process.exit(0))

try {
  await serve(readServerConfig(process.env))
} catch (error) {
  console.error((error as Error).message)
  process.exit(error instanceof MailstormError && error.code === 'BAD_CONFIG' ? BAD_CONFIG : 1)
}

async function serve(config: ServerConfig): Promise<void> {
  const ledger = await Ledger.open(config.ledgerFile ?? temporaryLedger())
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
}

function temporaryLedger(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-smtp-server-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'ledger.ndjson')
}
