import { expect } from 'vitest'
import type { Certificate } from '../../containers/certificate.ts'
import { allCommands } from '../servers/record.ts'
import { close, raw, type Script, say } from '../servers/script.ts'
import { accepted, failed, type Group, impatient, refusedBy, type Seen } from './situation.ts'

const auth = { user: 'tim', pass: 'tanstaaftanstaaf' }
const offers = (...keywords: string[]) => [
  say('250-scripted', ...keywords.slice(0, -1).map((keyword) => `250-${keyword}`), `250 ${keywords.at(-1)}`),
]
const plainTls = { mode: 'none', verify: true } as const

const authGroup: Group = {
  title: 'AUTH',
  situations: [
    ...(['PLAIN', 'LOGIN', 'CRAM-MD5'] as const).map((mechanism) => ({
      title: `the server offers AUTH ${mechanism}`,
      script: {
        ehlo: offers('PIPELINING', `AUTH ${mechanism}`),
        auth: { first: challengesOf(mechanism) },
      },
      sending: { auth },
      expected: accepted,
      also: ({ sessions }: Seen) => expect(allCommands(sessions)[1]).toContain(`AUTH ${mechanism}`),
    })),
    {
      title: 'the server refuses the password (535)',
      script: { ehlo: offers('AUTH PLAIN'), auth: [say('535 5.7.8 no')] },
      sending: { auth },
      expected: { ...refusedBy(535, 'auth', 'auth'), enhanced: '5.7.8' },
    },
    {
      title: 'the server cannot check the password now (454)',
      script: { ehlo: offers('AUTH PLAIN'), auth: [say('454 4.7.0 later')] },
      sending: { auth },
      expected: refusedBy(454, 'auth', 'auth'),
    },
    {
      title: 'the server closes at AUTH',
      script: { ehlo: offers('AUTH PLAIN'), auth: [close] },
      sending: { auth },
      expected: failed('connection_closed', 'auth'),
    },
    {
      title: 'the server asks without end',
      script: { ehlo: offers('AUTH LOGIN'), auth: [say('334 VXNlcm5hbWU6')] },
      sending: { auth },
      expected: failed('protocol_error', 'auth'),
    },
    {
      title: 'the server says "334 Username:" to AUTH LOGIN, which is not base64: the client cancels',
      script: {
        ehlo: offers('AUTH LOGIN'),
        auth: { first: [[say('334 Username:')], [say('501 5.7.0 cancelled')]] },
      },
      sending: { auth, schedule: { executor: 'shared-iterations', messages: 1 } },
      expected: failed('protocol_error', 'auth'),
      also: ({ sent, sessions }) => {
        expect(allCommands(sessions).slice(1)).toEqual(['AUTH LOGIN', '*'])
        expect(sent.samples[0]?.failure?.text).toContain('not base64 (RFC 4954 4): 334 Username:')
      },
    },
    {
      title: 'user and password are too long for one AUTH PLAIN command: the response comes after 334',
      script: { ehlo: offers('AUTH PLAIN'), auth: { first: [[say('334 ')], [say('235 welcome')]] } },
      sending: { auth: { user: 'tim', pass: 'x'.repeat(500) } },
      expected: accepted,
      also: ({ sessions }) => {
        const response = Buffer.from(`\0tim\0${'x'.repeat(500)}`).toString('base64')
        expect(allCommands(sessions).slice(1, 3)).toEqual(['AUTH PLAIN', response])
      },
    },
    ...[504, 534].map((code) => ({
      title: `the server refuses CRAM-MD5 with ${code}: the client logs in with the next, PLAIN`,
      script: { ehlo: offers('AUTH CRAM-MD5 PLAIN'), auth: { first: [[say(`${code} 5.5.4 not that`)]] } },
      sending: { auth },
      expected: accepted,
      also: ({ sessions }: Seen) => {
        const commands = allCommands(sessions).filter((command) => command.startsWith('AUTH'))
        expect(commands.map((command) => command.split(' ')[1])).toEqual(['CRAM-MD5', 'PLAIN'])
      },
    })),
    {
      title: 'the server refuses each mechanism that it offers with 504',
      script: { ehlo: offers('AUTH CRAM-MD5 PLAIN LOGIN'), auth: [say('504 5.5.4 not that')] },
      sending: { auth },
      expected: { ...refusedBy(504, 'auth', 'auth'), enhanced: '5.5.4' },
    },
    {
      title: 'LOGIN is asked for by name: the client takes it, though PLAIN would come first',
      script: { ehlo: offers('AUTH PLAIN LOGIN'), auth: { first: challengesOf('LOGIN') } },
      sending: { auth: { ...auth, mechanism: 'LOGIN' } },
      expected: accepted,
      also: ({ sessions }) => expect(allCommands(sessions)[1]).toBe('AUTH LOGIN'),
    },
    {
      title: 'LOGIN is asked for by name and the server refuses it with 504: no other is tried',
      script: { ehlo: offers('AUTH PLAIN LOGIN'), auth: [say('504 5.5.4 not that')] },
      sending: { auth: { ...auth, mechanism: 'LOGIN' } },
      expected: refusedBy(504, 'auth', 'auth'),
      also: ({ sessions }) => expect(allCommands(sessions)).not.toContain('AUTH PLAIN'),
    },
    {
      title: 'LOGIN is asked for by name and the server does not offer it',
      script: { ehlo: offers('AUTH PLAIN') },
      sending: { auth: { ...auth, mechanism: 'LOGIN' } },
      expected: failed('auth', 'auth'),
      also: ({ sent }) => {
        const text = 'the server offers PLAIN; LOGIN, which is asked for, is needed'
        expect(sent.samples[0]?.failure?.text).toBe(text)
      },
    },
    ...(['XOAUTH2', 'OAUTHBEARER'] as const).map((mechanism) => ({
      title: `the server offers AUTH ${mechanism}, and the client has a token`,
      script: { ehlo: offers(`AUTH PLAIN ${mechanism}`) },
      sending: { auth: { ...auth, isToken: true } },
      expected: accepted,
      also: ({ sessions }: Seen) => expect(allCommands(sessions)[1]).toContain(`AUTH ${mechanism} `),
    })),
    {
      title: 'the server refuses the token: 334 with its reason, then 535 (RFC 7628 3.2.2)',
      script: {
        ehlo: offers('AUTH OAUTHBEARER'),
        auth: { first: [[say('334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=')], [say('535 5.7.8 no')]] },
      },
      sending: { auth: { ...auth, isToken: true }, schedule: { executor: 'shared-iterations', messages: 1 } },
      expected: { ...refusedBy(535, 'auth', 'auth'), enhanced: '5.7.8' },
      also: ({ sessions }) => expect(allCommands(sessions)[2]).toBe('AQ=='),
    },
    {
      title: 'the client has a token, and the server offers only mechanisms for passwords',
      script: { ehlo: offers('AUTH PLAIN SCRAM-SHA-256') },
      sending: { auth: { ...auth, isToken: true } },
      expected: failed('auth', 'auth'),
    },
    {
      title: "the server's challenge in SCRAM-SHA-256 does not repeat the client's nonce: the client cancels",
      script: {
        ehlo: offers('AUTH SCRAM-SHA-256'),
        auth: { first: [[say('334 cj14LHM9VzIyWixpPTQwOTY=')], [say('501 5.7.0 cancelled')]] },
      },
      sending: { auth, schedule: { executor: 'shared-iterations', messages: 1 } },
      expected: failed('protocol_error', 'auth'),
      also: ({ sessions }) => expect(allCommands(sessions)[2]).toBe('*'),
    },
    {
      title: 'the server says 235 to SCRAM-SHA-256 without having proved that it knows the password',
      script: { ehlo: offers('AUTH SCRAM-SHA-256') },
      sending: { auth },
      expected: failed('auth', 'auth'),
    },
    {
      title: 'the server answers AUTH with 250: the first digit decides',
      script: { ehlo: offers('AUTH PLAIN'), auth: [say('250 welcome')] },
      sending: { auth },
      expected: accepted,
    },
    {
      title: 'the server does not offer AUTH',
      script: {},
      sending: { auth },
      expected: failed('auth', 'auth'),
    },
    {
      title: 'the server offers only mechanisms that the client does not know',
      script: { ehlo: offers('AUTH GSSAPI NTLM') },
      sending: { auth },
      expected: failed('auth', 'auth'),
    },
  ],
}

function challengesOf(mechanism: 'PLAIN' | 'LOGIN' | 'CRAM-MD5') {
  const welcome = [say('235 2.7.0 welcome')]
  // RFC 2195 2: the challenge of its example.
  const cram = [say('334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+')]
  const login = [[say('334 VXNlcm5hbWU6')], [say('334 UGFzc3dvcmQ6')]]
  return { PLAIN: [welcome], LOGIN: [...login, welcome], 'CRAM-MD5': [cram, welcome] }[mechanism]
}

/** `certificate`: of the server's own making, for localhost and 127.0.0.1. */
function tlsGroup({ certPem: cert, keyPem: key }: Certificate): Group {
  const startTls: Script = { ehlo: offers('PIPELINING', 'STARTTLS'), tls: { cert, key } }
  const implicit: Script = { tls: { cert, key, implicit: true } }
  const trusting = (mode: 'starttls' | 'implicit') => ({ tls: { mode, verify: true, ca: cert } as const })
  const encrypted = ({ sessions }: Seen) =>
    expect(sessions.map((session) => session.encrypted)).toEqual(sessions.map(() => true))
  return {
    title: 'TLS',
    situations: [
      {
        title: 'STARTTLS, the certificate is trusted',
        script: startTls,
        sending: trusting('starttls'),
        expected: accepted,
        also: encrypted,
      },
      {
        title: 'implicit TLS, the certificate is trusted, a session per message',
        script: implicit,
        sending: { ...trusting('implicit'), messagesPerSession: 1 },
        expected: accepted,
        also: encrypted,
      },
      {
        title: 'STARTTLS, a self-signed certificate, verification off',
        script: startTls,
        sending: { tls: { mode: 'starttls', verify: false } },
        expected: accepted,
        also: encrypted,
      },
      {
        title: 'STARTTLS, a self-signed certificate that is not trusted',
        script: startTls,
        sending: { tls: { mode: 'starttls', verify: true } },
        expected: failed('tls', 'tls'),
      },
      {
        title: 'implicit TLS, a self-signed certificate that is not trusted',
        script: implicit,
        sending: { tls: { mode: 'implicit', verify: true } },
        expected: failed('tls', 'tls'),
      },
      {
        title: 'STARTTLS, the certificate is for another host',
        script: startTls,
        sending: { tls: { mode: 'starttls', verify: true, ca: cert, serverName: 'mail.example.com' } },
        expected: failed('tls', 'tls'),
      },
      {
        title: 'STARTTLS is asked for and the server does not offer it',
        script: {},
        sending: trusting('starttls'),
        expected: failed('tls', 'tls'),
      },
      {
        title: 'the server refuses STARTTLS (454)',
        script: { ...startTls, starttls: [say('454 4.7.0 later')] },
        sending: trusting('starttls'),
        expected: refusedBy(454, 'tls'),
      },
      {
        title: 'more plaintext follows the reply to STARTTLS (injected)',
        script: { ...startTls, starttls: [raw('220 go\r\n250 injected\r\n')] },
        sending: trusting('starttls'),
        expected: failed('tls', 'tls'),
      },
      ...[
        { what: 'an empty line', octets: '\r\n' },
        { what: 'a line ended by a bare LF', octets: '250 x\n' },
        { what: 'a line that is no reply', octets: 'junk\r\n' },
        { what: 'half a reply', octets: '250 x' },
        { what: '9,000 octets without a line end', octets: 'x'.repeat(9_000) },
        { what: 'a refusal', octets: '421 4.3.2 going down\r\n' },
      ].map(({ what, octets }) => ({
        title: `${what} follows the reply to STARTTLS`,
        script: { ...startTls, starttls: [raw(`220 go\r\n${octets}`)] },
        sending: trusting('starttls'),
        expected: failed('tls', 'tls'),
      })),
      {
        title: 'the server answers STARTTLS with 250: the first digit decides',
        script: { ...startTls, starttls: [say('250 ok')] },
        sending: trusting('starttls'),
        expected: accepted,
        also: encrypted,
      },
      {
        title: 'the server closes instead of the TLS handshake',
        script: { ...startTls, starttls: [say('220 go'), close] },
        sending: trusting('starttls'),
        expected: failed('tls', 'tls'),
      },
      {
        title: 'implicit TLS is asked of a server that speaks plaintext',
        script: {},
        sending: trusting('implicit'),
        expected: failed('tls', 'tls'),
        also: ({ sent }) => {
          const text = 'the answer to the TLS handshake is not TLS (OpenSSL: wrong version number)'
          expect(sent.samples.map((sample) => sample.failure?.text)).toEqual(sent.samples.map(() => text))
        },
      },
      {
        title: 'plaintext is asked of a server that speaks implicit TLS',
        script: implicit,
        sending: { ...impatient, tls: plainTls },
        expected: failed('timeout', 'greeting'),
      },
    ],
  }
}

export function secureGroups(certificate: Certificate): readonly Group[] {
  return [authGroup, tlsGroup(certificate)]
}
