import { createServer, type Server, type Socket } from 'node:net'
import type { JimSwitch } from '../jim.ts'
import { Connection } from './connection.ts'
import type { Intake } from './intake.ts'

export interface SmtpListenerOptions {
  readonly hostname: string
  readonly intake: Intake
  readonly jim: JimSwitch
}

/** The SMTP server, not yet listening, and its open sockets. */
export function createSmtpServer(options: SmtpListenerOptions): { server: Server; sockets: Set<Socket> } {
  const sockets = new Set<Socket>()
  // A client that has said all still gets its replies (MailHog answers after a half-close).
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const jim = options.jim.forNewConnection()
    if (jim !== undefined && !jim.accepts()) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    new Connection(socket, { hostname: options.hostname, intake: options.intake, jim })
  })
  return { server, sockets }
}
