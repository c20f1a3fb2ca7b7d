import { MailstormError } from '../error.ts'

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ['the port is taken', 'Stop what listens there, or choose another port (0 = any free one).'],
  EACCES: ['it is not permitted', 'Ports below 1024 need privileges: choose a higher one.'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Use 127.0.0.1, or 0.0.0.0 for all addresses.'],
}

/** What a user has to know when a port cannot be opened; `variable` is where the port came from. */
export function listenFailure(error: Error, host: string, port: number, variable: string): MailstormError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const [why, hint] = REASONS[code] ?? [error.message, undefined]
  return new MailstormError('LISTEN', `Failed to listen on ${host}:${port} (${variable}): ${why}.`, hint)
}
