import { createHmac } from 'node:crypto'
import type { Credentials } from './target.ts'

export const AUTH_MECHANISMS = ['CRAM-MD5', 'PLAIN', 'LOGIN'] as const
export type AuthMechanism = (typeof AUTH_MECHANISMS)[number]

/**
 * The first mechanism that both know. Under TLS PLAIN comes first, being one round trip; without TLS
 * CRAM-MD5, which does not show the password.
 */
export function chooseMechanism(offered: readonly string[], encrypted: boolean): AuthMechanism | undefined {
  const order: readonly AuthMechanism[] = encrypted ? ['PLAIN', 'LOGIN', 'CRAM-MD5'] : AUTH_MECHANISMS
  return order.find((mechanism) => offered.includes(mechanism))
}

/**
 * The dialogue of one mechanism (RFC 4954 4): the AUTH line, then an answer for each 334 challenge.
 * `challenge` is the text of the 334 reply, base64.
 */
export interface AuthDialogue {
  readonly command: string
  answer(challenge: string): string
}

export function authDialogue(mechanism: AuthMechanism, { user, pass }: Credentials): AuthDialogue {
  switch (mechanism) {
    case 'PLAIN': {
      // RFC 4616 2: authzid NUL authcid NUL passwd, as initial response.
      const response = base64(`\0${user}\0${pass}`)
      return { command: `AUTH PLAIN ${response}`, answer: () => response }
    }
    case 'LOGIN': {
      // draft-murchison-sasl-login: user name, then password.
      const answers = [base64(user), base64(pass)]
      return { command: 'AUTH LOGIN', answer: () => answers.shift() ?? '*' }
    }
    case 'CRAM-MD5':
      // RFC 2195 2: user name, space, HMAC-MD5 of the challenge in hex.
      return {
        command: 'AUTH CRAM-MD5',
        answer: (challenge) => {
          const digest = createHmac('md5', pass).update(Buffer.from(challenge, 'base64')).digest('hex')
          return base64(`${user} ${digest}`)
        },
      }
    default:
      return mechanism satisfies never
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
