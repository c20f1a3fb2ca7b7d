import { readSinkOptions } from './options.ts'
import { startSink } from './sink.ts'

/**
 * The embedded MailHog as a program. Writes one line of JSON to stdout once every port is open. Ends on
 * SIGTERM, on SIGINT, and with the parent that opened an IPC channel to it.
 */
async function main(): Promise<void> {
  const options = readSinkOptions(process.env, process.argv.slice(2))
  const sink = await startSink(options)
  const stop = () => void sink.close().finally(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.once('disconnect', () => process.exit(0))
  const lmtp = sink.lmtpPort === undefined ? {} : { lmtp_port: sink.lmtpPort }
  const ports = { smtp_port: sink.smtpPort, api_port: sink.apiPort, ui_port: sink.uiPort }
  console.log(JSON.stringify({ ready: true, ...ports, ...lmtp, web_path: options.webPath }))
}

main().catch((error: Error) => {
  console.error(error.name === 'MailstormError' ? error.message : error.stack)
  process.exit(1)
})
