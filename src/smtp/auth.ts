import { createHmac } from 'node:crypto'
import type { Reply } from './reply.ts'
import type { AuthMechanism, Credentials } from './target.ts'

/**
 * The mechanisms that both know, the best first. Under TLS that is PLAIN, being one round trip; without TLS
 * CRAM-MD5, which does not show the password. `forced`: that one or none.
 */
export function mechanismsFor(
  offered: readonly string[],
  encrypted: boolean,
  forced?: AuthMechanism,
): AuthMechanism[] {
  const order: readonly AuthMechanism[] = encrypted
    ? ['PLAIN', 'LOGIN', 'CRAM-MD5']
    : ['CRAM-MD5', 'PLAIN', 'LOGIN']
  return order.filter(
    (mechanism) => offered.includes(mechanism) && (forced === undefined || mechanism === forced),
  )
}

/** RFC 4954 6: 504 is a mechanism that the server does not take after all, 534 one that is too weak for it. */
export function asksForAnotherMechanism({ code }: Reply): boolean {
  return code === 504 || code === 534
}

/** RFC 4954 4: cancels the dialogue; the server answers 501. */
export const CANCEL = '*'

/** RFC 4954 4: with an initial response the AUTH command stays within 512 octets, CRLF included. */
const MAX_COMMAND_BYTES = 512
const CRLF_BYTES = 2

/** RFC 4954 8: `base64`; a lone `=` is an empty one. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^=$/

/** Whether the text of a 334 reply is what it has to be (RFC 4954 4). */
export function isChallenge(text: string): boolean {
  return BASE64.test(text)
}

/**
 * The dialogue of one mechanism (RFC 4954 4): the AUTH line, then an answer for each 334 challenge, or
 * CANCEL. `challenge` is the text of the 334 reply, base64.
 */
export interface AuthDialogue {
  readonly command: string
  answer(challenge: string): string
}

export function authDialogue(mechanism: AuthMechanism, { user, pass }: Credentials): AuthDialogue {
  switch (mechanism) {
    case 'PLAIN': {
      // RFC 4616 2: authzid NUL authcid NUL passwd, as initial response where it is short enough.
      const response = base64(`\0${user}\0${pass}`)
      const atOnce = `AUTH PLAIN ${response}`
      const command = atOnce.length + CRLF_BYTES <= MAX_COMMAND_BYTES ? atOnce : 'AUTH PLAIN'
      return dialogue(command, [() => response])
    }
    case 'LOGIN':
      // draft-murchison-sasl-login: user name, then password.
      return dialogue('AUTH LOGIN', [() => base64(user), () => base64(pass)])
    case 'CRAM-MD5':
      // RFC 2195 2: user name, space, HMAC-MD5 of the challenge in hex.
      return dialogue('AUTH CRAM-MD5', [
        (challenge) => {
          const digest = createHmac('md5', pass).update(Buffer.from(challenge, 'base64')).digest('hex')
          return base64(`${user} ${digest}`)
        },
      ])
    default:
      return mechanism satisfies never
  }
}

function dialogue(command: string, answers: ((challenge: string) => string)[]): AuthDialogue {
  return {
    command,
    answer: (challenge) => (isChallenge(challenge) ? answers.shift()?.(challenge) : undefined) ?? CANCEL,
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
