import { expect, test } from 'vitest'
import { readSinkOptions } from './options.ts'

test('has the defaults of MailHog', () => {
  expect(readSinkOptions({ PATH: '/bin' }, [])).toMatchObject({
    smtp: { host: '0.0.0.0', port: 1025 },
    api: { text: '0.0.0.0:8025' },
    hostname: 'mailhog.example',
    webPath: '',
    corsOrigin: undefined,
    inviteJim: false,
    jim: { AcceptChance: 0.99 },
    digestOnly: false,
    chunking: false,
  })
})

test.each([
  ['127.0.0.1:25', '127.0.0.1', 25],
  [':25', undefined, 25],
  ['[::1]:0', '::1', 0],
  ['mail.test:65535', 'mail.test', 65_535],
])('reads the bind address %s', (text, host, port) => {
  expect(readSinkOptions({ MH_SMTP_BIND_ADDR: text }, []).smtp).toEqual({ text, host, port })
})

test('takes the flags of MailHog over its variables', () => {
  const flags = ['-hostname=flag.test', '--cors-origin', '*', '-invite-jim', '-jim-accept', '0.5']
  expect(readSinkOptions({ MH_HOSTNAME: 'variable.test' }, flags)).toMatchObject({
    hostname: 'flag.test',
    corsOrigin: '*',
    inviteJim: true,
    jim: { AcceptChance: 0.5, DisconnectChance: 0.005 },
  })
})

test.each(['mail', '/mail', '/mail/', 'mail/'])('takes the web path %s for /mail', (given) => {
  expect(readSinkOptions({ MH_UI_WEB_PATH: given }, []).webPath).toBe('/mail')
})

test('refuses unsupported settings in one error that says what is allowed', () => {
  const environment = {
    MH_STORAGE: 'maildir',
    MH_MONGO_URI: 'localhost',
    MH_SMTP_BIND_ADDR: '1025',
    MH_API_BIND_ADDR: ':99999',
    MH_INVITE_JIM: 'maybe',
    SINK_DIGEST_HEADERS: 'X-Id,a b',
  }
  const attempt = () => readSinkOptions(environment, ['-verbose', '-jim-accept=often'])
  for (const problem of [
    'Failed to start the sink: 8 problems.',
    'MH_STORAGE="maildir" is not valid. Allowed: memory.',
    'MH_MONGO_URI is not known; allowed are MH_SMTP_BIND_ADDR, ',
    'MH_SMTP_BIND_ADDR="1025" is not an address with a port. Allowed: host:port or :port. Set MH_SMTP_BIND_ADDR=0.0.0.0:1025, or unset it',
    'MH_API_BIND_ADDR=":99999" is not an address',
    'MH_INVITE_JIM="maybe" is neither true nor false',
    'SINK_DIGEST_HEADERS="X-Id,a b" has "a b", which is not the name of a field',
    '-verbose is not known; allowed are -smtp-bind-addr, ',
    '-jim-accept="often" is not a number',
  ])
    expect(attempt).toThrow(problem)
})
