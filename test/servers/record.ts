/** A message as a scripted server received it. */
export interface ReceivedMessage {
  readonly mail: string
  readonly rcpt: readonly string[]
  /** Everything between 354 and the final dot, byte-exact, un-stuffed. */
  readonly octets: Buffer
}

export interface ReceivedSession {
  /** Command lines without CRLF, in their order. */
  readonly commands: readonly string[]
  /** All messages whose final dot came, and the reply that was given, undefined for none. */
  readonly messages: readonly (ReceivedMessage & { readonly reply: string | undefined })[]
  readonly encrypted: boolean
  /** An earlier TLS session was resumed. */
  readonly resumed: boolean
}

const ID = /^X-Mailstorm-Id: (\S+)\r$/m

/** Ids of the messages that were answered by 2yz, in the order of their arrival. */
export function acceptedIds(sessions: readonly ReceivedSession[]): string[] {
  return sessions
    .flatMap((session) => session.messages)
    .filter((message) => message.reply?.startsWith('2'))
    .map((message) => ID.exec(Buffer.from(message.octets).toString('latin1'))?.[1] ?? 'no id')
}

export function allCommands(sessions: readonly ReceivedSession[]): string[] {
  return sessions.flatMap((session) => session.commands)
}

/** RFC 5321 4.5.2: the first dot of a line is taken away. */
export function unstuff(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1')
}
