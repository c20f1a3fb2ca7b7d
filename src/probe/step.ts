import type { Talk } from './talk.ts'

/** What a probe knows of its task. */
export interface ProbeContext {
  readonly sender: string
  readonly recipient: string
  /** How long a reply, or a server's patience, is waited for. */
  readonly waitMs: number
  /** How long nothing has to come for "it does not answer that". */
  readonly quietMs: number
  /** Connections to open at most. */
  readonly connections: number
  /** Marks the messages of this probe, so that a ledger can tell them. */
  readonly runId: string
}

/** One thing to send in a conversation, and what to wait for. A value: a check is data. */
export interface Step {
  readonly name: string
  /** Octets as latin1; undefined from a function: the conversation ends here. */
  readonly send: string | ((talk: Talk) => string | undefined)
  /** For people, where the octets are too many. */
  readonly shown?: string
  /** Replies to wait for; 1 when not said. */
  readonly replies?: number
  /** Instead of the usual wait. Where it is given, silence is an answer, and the conversation goes on. */
  readonly withinMs?: number
  /** Left out, and the conversation goes on behind it, where this does not hold. */
  readonly when?: (talk: Talk) => boolean
  /** Done only when the last reply before has such a code; else the conversation ends here. */
  readonly after?: RegExp
  /** TLS begins once this was answered. */
  readonly thenSecure?: true
}

const EHLO_NAME = 'probe.mailstorm.test'

/** The beginning of nearly every check: EHLO, and where a server does not know that, HELO. */
export const HELLO: readonly Step[] = [
  { name: 'greeting', send: '' },
  { name: 'ehlo', send: `EHLO ${EHLO_NAME}\r\n`, after: /^220/ },
  { name: 'helo', send: `HELO ${EHLO_NAME}\r\n`, when: (talk) => talk.withoutEhlo },
]

/** EHLO once more in the same session, or HELO, whichever it knows. */
export function helloAgain(name: string): Step {
  return { name, send: (talk) => `${talk.withoutEhlo ? 'HELO' : 'EHLO'} ${EHLO_NAME}\r\n`, after: /^2/ }
}

/** One command; it needs the last one to have been taken, unless `after` says otherwise. */
export function say(name: string, line: string, more: Partial<Step> = {}): Step {
  return { name, send: `${line}\r\n`, after: /^[23]/, ...more }
}

export function mail({ sender }: ProbeContext, parameters = ''): Step {
  return say('mail', `MAIL FROM:<${sender}>${parameters}`)
}

export function rcpt({ recipient }: ProbeContext): Step {
  return say('rcpt', `RCPT TO:<${recipient}>`)
}

/** Everything up to 354. */
export function upToData(context: ProbeContext): Step[] {
  return [...HELLO, mail(context), rcpt(context), say('data', 'DATA')]
}

export const WHATEVER = /^/
export const GO_AHEAD = /^354/

/** A small message of ours, without its final dot: headers as RFC 5322 3.6 asks for. */
export function messageText(context: ProbeContext, name: string, body: string): string {
  const { sender, recipient, runId } = context
  return [
    `Date: ${new Date(0).toUTCString().replace('GMT', '+0000')}`,
    `From: <${sender}>`,
    `To: <${recipient}>`,
    `Subject: mailstorm probe: ${name}`,
    `Message-ID: <${runId}-${name}@${EHLO_NAME}>`,
    '',
    body,
    '',
  ].join('\r\n')
}

/** A message and its final dot. */
export function content(
  context: ProbeContext,
  { name, body, shown }: { name: string; body: string; shown: string },
): Step {
  return { name, send: `${messageText(context, name, body)}.\r\n`, shown, after: GO_AHEAD }
}
