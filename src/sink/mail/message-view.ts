import type { StoredMessage } from '../store/stored-message.ts'
import { type Content, readMessage } from './content.ts'

/** A stored message, read: what the API's JSON, its search and its downloads are made of. */
export interface MessageView {
  readonly message: StoredMessage
  /** All but the final CRLF, one character per byte. */
  readonly data: string
  /** With the fields that the server adds. */
  readonly content: Content
}

export function viewMessage(message: StoredMessage, text: string, hostname: string): MessageView {
  const data = text.endsWith('\r\n') ? text.slice(0, -2) : text
  const content = readMessage(data)
  addTraceFields(content.headers, message, hostname)
  return { message, data, content }
}

/** RFC 5321 4.4: Received and Return-Path; and a Message-ID where there is none, as MailHog does. */
function addTraceFields(headers: Map<string, string[]>, message: StoredMessage, hostname: string): void {
  const names = new Map([...headers.keys()].map((name) => [name.toLowerCase(), name]))
  const append = (name: string, value: string) => {
    const present = names.get(name.toLowerCase())
    const values = present === undefined ? undefined : headers.get(present)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  if (!names.has('message-id')) headers.set('Message-ID', [message.id])
  const date = new Date(message.createdEpochMs).toUTCString().replace('GMT', '+0000')
  append('Received', `from ${message.helo} by ${hostname} (MailHog)\r\n          id ${message.id}; ${date}`)
  append('Return-Path', `<${message.from}>`)
}

/** An address as MailHog splits it: source route (RFC 5321 4.1.1.3), mailbox, domain. */
export interface Path {
  readonly relays: readonly string[] | undefined
  readonly mailbox: string
  readonly domain: string
}

export function pathOf(address: string): Path {
  const colon = address.indexOf(':')
  const email = colon === -1 ? address : address.slice(colon + 1)
  const at = email.indexOf('@')
  return {
    relays: colon === -1 ? undefined : address.slice(0, colon).split(','),
    mailbox: at === -1 ? email : email.slice(0, at),
    domain: at === -1 ? '' : email.slice(at + 1),
  }
}
