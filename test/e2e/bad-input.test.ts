import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import type { Step } from '../vitest-child.ts'
import { stress } from './stress.ts'

type Refused = readonly [env: NodeJS.ProcessEnv, message: RegExp]

const isRefused = async ([env, message]: Refused) => {
  const run = await stress('custom', env)
  expect(run.exitCode).toBe(2)
  expect(run.output).toMatch(message)
  expect(run.output).not.toMatch(/\n\s+at |RUN/)
  expect(await readdir(run.resultsDir)).toEqual([])
}

test.for<Refused>([
  [{ STRESS_SIZE: 'huge' }, /STRESS_SIZE="huge" is not a size\. Allowed: small, medium, large, xlarge/],
  [{ STRESS_MESSAGE: '5' }, /did you mean STRESS_MESSAGES/i],
])('%o ends with one message and code 2, before anything is booted', isRefused)

test.for<Refused>([
  [{ STRESS_WORKERS: '-5' }, /STRESS_WORKERS="-5" .*Allowed: .*1/],
  [{ STRESS_MODE: 'sustained', STRESS_RATE: 'abc' }, /STRESS_RATE="abc" is not a number/],
  [{ STRESS_THRESHOLDS: 'p99latency<5' }, /no metric "p99latency"/],
  [{ STRESS_BASELINE: 'nope' }, /Failed to read the baseline .*nope\.json: there is no such file/],
  [{ SMTP_TARGETS: 'localhost' }, /SMTP_TARGETS="localhost" .*host:port/],
  [
    { SMTP_TARGETS: 'smtp://user:secret@127.0.0.1' },
    /SMTP_TARGETS="smtp:\/\/\*\*\*@127\.0\.0\.1" has a login in a URL/,
  ],
  [
    { SMTP_TARGETS: 'smtps://127.0.0.1', STRESS_TLS: 'starttls' },
    /STRESS_TLS=starttls contradicts SMTP_TARGETS=smtps:\/\/127\.0\.0\.1:465/,
  ],
  [{ SMTP_TARGETS: 'mx:example.test' }, /Set STRESS_RESOLVER=127\.0\.0\.1:5353/],
  [
    { STRESS_PROXY_PROTOCOL: 'v1', STRESS_PROXY_SOURCE: '8.8.8.8' },
    /STRESS_PROXY_SOURCE="8\.8\.8\.8" has 8\.8\.8\.8, which may be somebody's/,
  ],
])('%o ends with one message and code 2, before anything is booted', { tags: 'long' }, isRefused)

test.for(['/dev/null', '/dev/null/below', '/proc/nowhere/below'])(
  'results that cannot be written to %s end with one message and code 2, before anything is booted',
  { tags: 'long' },
  async (folder) => {
    const run = await stress('quick', { STRESS_RESULTS_DIR: folder })
    expect(run.exitCode).toBe(2)
    expect(run.output).toContain(`Failed to write results to "${folder}": `)
    expect(run.output).toContain('Set STRESS_RESULTS_DIR to a folder')
    expect(run.output).not.toMatch(/\n\s+at |Test type/)
  },
)

test('a taken port of the metrics ends with one message and code 2, before anything is booted', {
  tags: 'long',
}, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const run = await stress('quick', { STRESS_METRICS_PORT: String(port) })
  expect(run.exitCode).toBe(2)
  expect(run.output).toMatch(new RegExp(`Failed to serve the metrics .*:${port}: the port is taken`))
  expect(run.output).not.toMatch(/\n\s+at |Error/)
  expect(await readdir(run.resultsDir)).toEqual([])
})

test.for([
  ['an unknown host', 'nowhere.invalid:25', /nowhere\.invalid/],
  [
    'a public address',
    '8.8.8.8:25',
    /8\.8\.8\.8 is neither loopback nor a private address[\s\S]*ALLOW_PUBLIC_TARGETS=1/,
  ],
] as const)(
  '%s is refused with one message, and nothing is sent',
  { tags: 'long' },
  async ([, target, message]) => {
    const run = await stress('quick', { SMTP_TARGETS: target })
    expect(run.exitCode).toBe(1)
    expect(run.output).toMatch(message)
    expect(run.output).not.toMatch(/\n\s+at /)
    expect(run.result).toBeUndefined()
  },
)

test.for([
  [
    { STRESS_LOCAL_ADDRESSES: '192.0.2.7' },
    /Failed to connect from 192\.0\.2\.7: it is not an address of this machine/,
  ],
  [
    { STRESS_TLS_CERT: '/no/client.pem', STRESS_TLS_KEY: '/no/client.key' },
    /Failed to read the certificate of the client "\/no\/client\.pem"/,
  ],
  [{ SMTP_TARGETS: 'lmtp+unix:/no/socket' }, /Failed to reach \/no\/socket: there is no such socket/],
] as const)('%o is one message before the load', { tags: 'long' }, async ([env, message]) => {
  const run = await stress('custom', env)
  expect([1, 2]).toContain(run.exitCode)
  expect(run.output).toMatch(message)
  expect(run.output).not.toMatch(/\n\s+at /)
  expect(run.result).toBeUndefined()
})

test('a closed port is refused with one message, and nothing is sent', async () => {
  const port = await freePort()
  const run = await stress('quick', { SMTP_TARGETS: `127.0.0.1:${port}` })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(`127.0.0.1:${port}`)
  expect(run.output).toMatch(/refused/)
  expect(run.output).not.toMatch(/\n\s+at /)
  expect(run.result).toBeUndefined()
})

test('a taken port is one message that names it', { tags: 'long' }, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const run = await stress('quick', { SMTP_SERVERS: '1', SMTP_PORT: String(port) })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(String(port))
  expect(run.output).toMatch(/in use|taken/)
  expect(run.output).not.toMatch(/\n\s+at /)
})

test('Ctrl-C while a server that does not greet is waited for ends the run at once', {
  tags: 'long',
}, async () => {
  const heard = Promise.withResolvers<void>()
  const server = createServer(() => heard.resolve()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let interruptedAtMs = Number.NaN
  const interrupt: Step = {
    text: 'RUN',
    act: (child) =>
      void heard.promise.then(() => {
        interruptedAtMs = performance.now()
        child.kill('SIGINT')
      }),
  }
  const run = await stress('custom', { SMTP_TARGETS: `127.0.0.1:${port}`, STRESS_TIMEOUT: '60' }, [interrupt])
  expect(run.exitCode).toBe(130)
  expect(performance.now() - interruptedAtMs).toBeLessThan(10_000)
  expect(run.result).toBeUndefined()
})
