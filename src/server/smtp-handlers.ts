import type {
  SMTPServerAuthentication,
  SMTPServerDataStream,
  SMTPServerError,
  SMTPServerOptions,
} from 'smtp-server'
import type { ServerConfig } from './config.ts'
import type { Ledger } from './ledger.ts'
import { MessageReader } from './message-reader.ts'

/** RFC 5321 4.5.3.2.7: a server should wait at least five minutes for the next command. */
const IDLE_MS = 5 * 60_000

/** Options of npm smtp-server for this program: accepts every envelope, keeps the ledger, stores nothing. */
export function smtpOptions(config: ServerConfig, ledger: Ledger): SMTPServerOptions {
  return {
    name: config.domain,
    size: config.maxMessageBytes,
    // RFC 1870 6.3: a message that turns out too large is refused after its data.
    rejectOversized: true,
    maxClients: config.maxConnections,
    socketTimeout: IDLE_MS,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
    authOptional: true,
    allowInsecureAuth: true,
    ...(config.tls ?? { disabledCommands: ['STARTTLS'], hideSTARTTLS: true }),
    // The package's own handlers wait a turn of the event loop for each of these.
    onConnect: (_session, done) => done(),
    onMailFrom: (_address, _session, done) => done(),
    onRcptTo: (_address, _session, done) => done(),
    onAuth: (auth, _session, done) =>
      done(null, isAuthentic(auth, config) ? { user: auth.username ?? 'anyone' } : {}),
    onData: (stream, _session, done) => receive(stream, ledger, done),
  }
}

function isAuthentic(auth: SMTPServerAuthentication, { credentials }: ServerConfig): boolean {
  if (credentials === undefined) return true
  if (auth.username !== credentials.user) return false
  return auth.method === 'CRAM-MD5'
    ? auth.validatePassword(credentials.pass)
    : auth.password === credentials.pass
}

function receive(stream: SMTPServerDataStream, ledger: Ledger, done: (error?: Error) => void): void {
  const reader = new MessageReader()
  stream.on('data', (chunk: Buffer) => reader.push(chunk))
  // The client went away within the message: there is nobody to answer, and nothing was received.
  stream.on('error', () => {})
  stream.on('end', () => {
    if (stream.sizeExceeded) return done()
    ledger.record(reader.end(), (error) => {
      if (error === undefined) return done()
      console.error(`Failed to write the ledger: ${error.message}`)
      done(notStored())
    })
  })
}

/** RFC 5321 4.2.3: 452, insufficient system storage. */
function notStored(): SMTPServerError {
  return Object.assign(new Error('Ledger cannot be written'), { responseCode: 452 })
}
