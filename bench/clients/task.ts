import type { PipeliningLevel } from '../../src/smtp/target.ts'

/** Envelope of all clients: the address decides what a real server's lookup costs. */
export const SENDER = 'a@example.com'
export const RECIPIENT = 'b@example.com'
export const SESSIONS = 50

/** What a client program is to send, as JSON in its first argument. */
export interface ClientTask {
  readonly port: number
  readonly sizeBytes: number
  readonly messages: number
  /** Sent before the measured part: just-in-time compilers need it, C does not. */
  readonly warmUpMessages: number
}

export interface MailstormTask extends ClientTask {
  readonly pipelining: PipeliningLevel
  /** At level `chunks`. */
  readonly depth?: number
  /** 1 or no limit. */
  readonly newConnectionEach: boolean
}

export function taskFromArguments<T extends object>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}
