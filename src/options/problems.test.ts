import { describe, expect, it } from 'vitest'
import { MailstormError } from '../error.ts'
import { readOptions } from './options.ts'

describe('readOptions with bad input', () => {
  it('names every problem at once, with the value, what is allowed and what to do', () => {
    expect(
      errorOf({ STRESS_MODE: 'sustained', STRESS_RATE: 'abc', STRESS_WORKERS: '-1', STRESS_SIZE: 'huge' }),
    ).toMatchInlineSnapshot(`
      "Failed to read the options: 3 problems in the environment.
        STRESS_WORKERS="-1" is too small. Allowed: a whole number from 1 to 1,000. Set STRESS_WORKERS=50, or unset it (default: 10).
        STRESS_SIZE="huge" is not a size. Allowed: small, medium, large, xlarge, or 512 bytes to 1 GB, such as 10240, 10KB or 1MB (1 KB = 1024 bytes); or a distribution, as 1KB..100KB, lognormal(12KB,1.5) or small:40,50MB:5. Set STRESS_SIZE=large, or unset it (default: medium).
        STRESS_RATE="abc" is not a number. Allowed: a number from 0.01 to 100,000 messages per second. Set STRESS_RATE=50, or unset it (default: 50)."
    `)
  })

  it.each([
    [{ STRESS_WORKRES: '5' }, 'STRESS_WORKRES is not known. Did you mean STRESS_WORKERS?'],
    [{ STRESS_SERVERS: '5' }, 'STRESS_SERVERS is not known. Did you mean SMTP_SERVERS?'],
    [
      { STRESS_BACKEND: 'podman' },
      'STRESS_BACKEND="podman" is not known. Allowed: auto, docker, embedded, external, started. Set STRESS_BACKEND=embedded, or unset it (default: auto).',
    ],
    [
      { STRESS_BACKEND: 'embedded', SMTP_TARGETS: 'localhost:25' },
      'STRESS_BACKEND=embedded boots servers, and SMTP_TARGETS names servers that are already running. Unset one of them.',
    ],
    [
      { STRESS_BACKEND: 'external' },
      'STRESS_BACKEND=external needs servers. Set SMTP_TARGETS=host:port,host:port.',
    ],
    [
      { STRESS_SOAK_RATE: '5', STRESS_RATE: '6' },
      'STRESS_SOAK_RATE and STRESS_RATE both set the rate of soak. Unset one of them.',
    ],
    [
      { STRESS_MODE: 'burst', STRESS_DURATION: '5' },
      'STRESS_DURATION cannot be used with STRESS_MODE=burst, which sends its messages as fast as it can. Unset it, or set STRESS_MODE=sustained or constant-workers.',
    ],
    [
      { STRESS_MODE: 'sustained', STRESS_MESSAGES: '5' },
      'STRESS_MESSAGES cannot be used with STRESS_MODE=sustained, which sends STRESS_RATE × STRESS_DURATION messages. Unset it, or set STRESS_MODE=burst or per-worker-iterations.',
    ],
    [
      { STRESS_MODE: 'sustained', STRESS_RATE: '0.1', STRESS_DURATION: '5' },
      'STRESS_RATE=0.1 for STRESS_DURATION=5 seconds is less than one message. Raise one of them.',
    ],
    [
      { STRESS_WORKERS: '9', STRESS_MAX_SESSIONS: '8' },
      'STRESS_MAX_SESSIONS=8 is less than STRESS_WORKERS=9, and each worker has a session. Raise it, or set fewer workers.',
    ],
    [
      { STRESS_AUTH_USER: 'u' },
      'STRESS_AUTH_USER is set without STRESS_AUTH_PASS. Set both, or neither; or a token, by STRESS_AUTH_TOKEN_FILE or STRESS_AUTH_TOKEN_COMMAND.',
    ],
    [
      { STRESS_THINK_TIME: '1s', STRESS_PIPELINING: 'chunks' },
      'STRESS_THINK_TIME has a client send one command at a time, and STRESS_PIPELINING=chunks sends many at once. Unset one of them.',
    ],
    [
      { STRESS_BREAK_OFF: 'data:5', STRESS_PIPELINING: 'chunks' },
      'STRESS_BREAK_OFF does not go with STRESS_PIPELINING=chunks, where a client has several messages on their way. Unset one of them.',
    ],
    [
      { STRESS_AUTH_TOKEN_FILE: 't' },
      'STRESS_AUTH_TOKEN_FILE is set without STRESS_AUTH_USER. Set it too, or unset STRESS_AUTH_TOKEN_FILE.',
    ],
    [
      { STRESS_AUTH_USER: 'u', STRESS_AUTH_TOKEN_FILE: 't', STRESS_AUTH_TOKEN_COMMAND: 'c' },
      'STRESS_AUTH_TOKEN_FILE and STRESS_AUTH_TOKEN_COMMAND both set the token of the login. Unset one of them.',
    ],
    [
      { STRESS_AUTH_USER: 'u', STRESS_AUTH_TOKEN_FILE: 't', STRESS_AUTH_MECHANISM: 'PLAIN' },
      'STRESS_AUTH_MECHANISM=PLAIN takes a password, and a token is given. Unset it, or set OAUTHBEARER or XOAUTH2.',
    ],
    [
      { STRESS_AUTH_USER: 'u', STRESS_AUTH_PASS: 'p', STRESS_ACCOUNTS: 'a.csv' },
      'STRESS_ACCOUNTS and STRESS_AUTH_USER both set who logs in. Unset one of them.',
    ],
    [{ STRESS_AUTH_PASS: 'p' }, 'STRESS_AUTH_PASS is set without STRESS_AUTH_USER. Set both, or neither.'],
    [
      { SMTP_PORT: '65532' },
      'SMTP_PORT=65532 leaves no room for 5 servers below port 65536. Set a lower SMTP_PORT, or fewer SMTP_SERVERS.',
    ],
    [
      { SMTP_SERVERS: '3', SMTP_TARGETS: 'localhost:25' },
      'SMTP_SERVERS is for booted servers, and SMTP_TARGETS names servers that are already running. Unset one of them.',
    ],
    [
      { SMTP_CPUS: '3', STRESS_BACKEND: 'embedded' },
      'SMTP_CPUS is for containers, which STRESS_BACKEND=embedded does not use. Unset one of them.',
    ],
    [
      { STRESS_LIVE_PORT: '3001' },
      'STRESS_LIVE_PORT is set without STRESS_LIVE. Set it too, or unset STRESS_LIVE_PORT.',
    ],
    [
      { STRESS_METRICS_HOST: '127.0.0.1' },
      'STRESS_METRICS_HOST is set without STRESS_METRICS_PORT. Set it too, or unset STRESS_METRICS_HOST.',
    ],
    [
      { STRESS_RECIPIENT: 'ceo@gmail.com' },
      'STRESS_RECIPIENT="ceo@gmail.com" is in gmail.com, where real people may get the mail. Use a reserved domain (RFC 2606), such as example.com or test.local, or set ALLOW_PUBLIC_TARGETS=1.',
    ],
  ])('refuses %j', (env, line) => {
    expect(errorOf(env)).toBe(`Failed to read the options: one problem in the environment.\n  ${line}`)
  })

  it('lists what is allowed when a name is near to none', () => {
    expect(errorOf({ STRESS_QQQQQQ: '1' })).toMatch(
      /STRESS_QQQQQQ is not known\. Unset it; \d+ variables are known, and the README lists them/,
    )
  })

  it('refuses a threshold that the engine does not know', () => {
    expect(errorOf({ STRESS_THRESHOLDS: 'lost==0,latency<5' })).toContain('there is no metric "latency"')
  })

  it('does not take a contradiction from a value that could not be read', () => {
    const message = errorOf({
      STRESS_MODE: 'sustaned',
      STRESS_RATE: '5',
      STRESS_BACKEND: 'external',
      SMTP_TARGETS: 'x',
    })
    expect(message).toContain('2 problems')
    expect(message).toContain('STRESS_MODE="sustaned"')
    expect(message).toContain('SMTP_TARGETS="x"')
  })

  it('never shows a password', () => {
    expect(errorOf({ STRESS_AUTH_USER: 'u', STRESS_AUTH_PASS: 'hunter\u00012' })).not.toContain('hunter')
  })

  it('shows control characters escaped and long values cut', () => {
    const message = errorOf({ STRESS_SEED: `\u001b[31m${'9'.repeat(500)}` })
    expect(message).toContain('STRESS_SEED="\\u001b[31m9')
    expect(message.length).toBeLessThan(400)
  })

  it('lets a public recipient through when that is allowed', () => {
    const { custom } = readOptions({ STRESS_RECIPIENT: 'a@gmail.com', ALLOW_PUBLIC_TARGETS: '1' })
    expect(custom.recipient).toBe('a@gmail.com')
  })
})

function errorOf(env: NodeJS.ProcessEnv): string {
  try {
    readOptions(env, 2)
  } catch (error) {
    if (error instanceof MailstormError && error.code === 'BAD_OPTIONS') return error.message
    throw error
  }
  throw new Error('the options were accepted')
}
