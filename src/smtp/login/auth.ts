import { createHmac } from 'node:crypto'
import type { Reply } from '../reply.ts'
import { type AuthMechanism, type Login, TOKEN_MECHANISMS } from '../target.ts'
import { Scram, ScramError } from './scram.ts'

/** Under TLS the password is safe, and PLAIN is one round trip without arithmetic. */
const ENCRYPTED: readonly AuthMechanism[] = ['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'CRAM-MD5']
/** What does not show the password comes first. */
const IN_THE_CLEAR: readonly AuthMechanism[] = ['SCRAM-SHA-256', 'CRAM-MD5', 'PLAIN', 'LOGIN']

/**
 * The mechanisms that both know and that fit the secret, password or token, the best first. A mechanism that is asked
 * for by name: that one or none.
 */
export function mechanismsFor(
  offered: readonly string[],
  encrypted: boolean,
  { mechanism: forced, isToken = false }: Pick<Login, 'mechanism' | 'isToken'> = {},
): AuthMechanism[] {
  if (forced !== undefined) return offered.includes(forced) ? [forced] : []
  const order = isToken ? TOKEN_MECHANISMS : encrypted ? ENCRYPTED : IN_THE_CLEAR
  return order.filter((mechanism) => offered.includes(mechanism))
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

/** The dialogue of one mechanism (RFC 4954 4): the AUTH line, then an answer for each 334 challenge, or CANCEL. */
export interface AuthDialogue {
  readonly command: string
  /** `challenge`: the text of the 334 reply, base64. */
  answer(challenge: string): string
  /** Why the last answer was CANCEL, where the challenge itself was base64. */
  readonly problem?: string | undefined
  /** Why 235 does not let us in: the server has not proved what it has to. */
  readonly unproved?: string | undefined
}

export function authDialogue(mechanism: AuthMechanism, { user, pass }: Login): AuthDialogue {
  switch (mechanism) {
    case 'PLAIN':
      // RFC 4616 2: authzid NUL authcid NUL passwd.
      return initialResponse(mechanism, base64(`\0${user}\0${pass}`))
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
    case 'SCRAM-SHA-256':
      return scramDialogue(new Scram(user, pass))
    case 'XOAUTH2':
      // developers.google.com/workspace/gmail/imap/xoauth2-protocol; a refusal is a 334 that is answered by nothing.
      return initialResponse(mechanism, base64(`user=${user}\x01auth=Bearer ${pass}\x01\x01`), '')
    case 'OAUTHBEARER': {
      // RFC 7628 3.1; 3.2.3: a refusal is a 334 that is answered by one %x01.
      const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
      return initialResponse(mechanism, base64(`n,a=${name},\x01auth=Bearer ${pass}\x01\x01`), base64('\x01'))
    }
    default:
      return mechanism satisfies never
  }
}

/** One response, with the command where it is short enough; then one to the error that the server tells. */
function initialResponse(mechanism: AuthMechanism, response: string, toError?: string): AuthDialogue {
  const atOnce = `AUTH ${mechanism} ${response}`
  const isShort = atOnce.length + CRLF_BYTES <= MAX_COMMAND_BYTES
  const behind = toError === undefined ? [] : [() => toError]
  // PLAIN: some servers ask once more for what came with the command.
  const asked = isShort && toError !== undefined ? [] : [() => response]
  return dialogue(isShort ? atOnce : `AUTH ${mechanism}`, [...asked, ...behind])
}

function dialogue(command: string, answers: ((challenge: string) => string)[]): AuthDialogue {
  return {
    command,
    answer: (challenge) => (isChallenge(challenge) ? answers.shift()?.(challenge) : undefined) ?? CANCEL,
  }
}

/** RFC 5802 3; what the server says last comes in a 334 that is answered by nothing (RFC 4954 4). */
function scramDialogue(scram: Scram): AuthDialogue {
  let problem: string | undefined
  const said = (challenge: string) => Buffer.from(challenge, 'base64').toString('utf8')
  const verify = (challenge: string) => {
    scram.verify(said(challenge))
    return ''
  }
  const steps = [(challenge: string) => base64(scram.final(said(challenge))), verify]
  const { command, answer } = initialResponse('SCRAM-SHA-256', base64(scram.first))
  const isFirstSent = command.includes(' ', 'AUTH '.length)
  let isFirst = !isFirstSent
  return {
    command,
    answer(challenge) {
      if (!isChallenge(challenge)) return CANCEL
      if (isFirst) {
        isFirst = false
        return answer(challenge)
      }
      try {
        return steps.shift()?.(challenge) ?? CANCEL
      } catch (error) {
        if (!(error instanceof ScramError)) throw error
        problem = error.message
        return CANCEL
      }
    },
    get problem() {
      return problem
    },
    get unproved() {
      return scram.isVerified
        ? undefined
        : 'the server says 235 without having proved that it knows the password'
    },
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
