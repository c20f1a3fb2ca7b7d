import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { BARE_ENVIRONMENT } from '../../test/child-process.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))

function mailstorm(flags: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [CLI, 'tenant', ...flags], {
    env: { ...BARE_ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

async function running(flags: readonly string[], environment?: Readonly<Record<string, string>>) {
  const child = mailstorm(flags, environment)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    child,
    ready: JSON.parse(line) as { readonly url: string; readonly port: number; readonly run_id: string },
  }
}

async function failed(
  flags: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<string> {
  const child = mailstorm(flags, environment)
  const [message, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  expect(code).toBe(2)
  return message
}

test('runs a tenant of the profile, tuned by the environment, until Ctrl-C', async () => {
  const flags = ['--profile', 'documents', '--port', '0', '--max-attachment-bytes', '4096', '--run-id', 'r1']
  const { child, ready } = await running(flags, {
    MSG_RATE_PER_SYNC: '30',
    DND_PROBABILITY: '1',
    CLIENT_ID: 'mine',
  })
  expect(ready).toMatchObject({
    ready: true,
    profile: 'documents',
    tenant_id: 'tenant-documents',
    run_id: 'r1',
    seed: 1,
  })
  const answer = (await (await fetch(`${ready.url}/sync`, { method: 'POST', body: '{}' })).json()) as {
    readonly messages: readonly unknown[]
    readonly next_sync_after: number
  }
  expect(answer.messages.length).toBeGreaterThan(4)
  expect(answer.next_sync_after).toBeGreaterThan(Date.now() / 1000)
  expect(await (await fetch(`${ready.url}/stats`)).json()).toMatchObject({
    client_id: 'mine',
    dnd_periods: 1,
  })
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([0, null])
})

test('makes the same messages from the same seed and run id, and a new run id each time', async () => {
  const flags = ['--profile', 'newsletter', '--port', '0', '--seed', '7', '--max-attachment-bytes', '4096']
  const messages = async (more: readonly string[]) => {
    const { ready } = await running([...flags, ...more])
    return (await fetch(`${ready.url}/sync`, { method: 'POST', body: '{}' })).text()
  }
  const [first, second, third] = await Promise.all([
    messages(['--run-id', 'r1']),
    messages(['--run-id', 'r1']),
    messages([]),
  ])
  expect(second).toBe(first)
  expect(third).not.toBe(first)
})

test('still takes --dialect seed for classic, and says so', async () => {
  const flags = ['--profile', 'newsletter', '--port', '0', '--run-id', 'r1', '--max-attachment-bytes', '4096']
  const old = await running([...flags, '--dialect', 'seed'])
  old.child.kill('SIGINT')
  const [note] = await Promise.all([text(old.child.stderr), once(old.child, 'close')])
  expect(note).toContain('--dialect seed is now called classic.')
})

test('says that its port is taken', async () => {
  const { ready } = await running(['--profile', 'standard', '--port', '0'])
  expect(await failed(['--profile', 'standard', '--port', String(ready.port)])).toBe(
    `Failed to listen on 127.0.0.1:${ready.port} for a tenant: the port is taken.\n` +
      'Stop what listens there, or choose another port (0 = any free one).\n',
  )
})

test.each([
  [
    ['--profile', 'big'],
    {},
    '--profile big is not known.\nAllowed: high-volume, standard, newsletter, documents.',
  ],
] as const)('refuses %j with %j', async (flags, environment, message) => {
  expect(await failed(flags, environment)).toContain(message)
})

test.each([
  [
    ['--profile', 'standard', '--port', '99999'],
    {},
    'Failed to read --port 99999: it is a whole number from 0 to 65,535.',
  ],
  [
    ['--profile', 'standard'],
    { PORT: 'http' },
    'Failed to read --port http: it is a whole number from 0 to 65,535.',
  ],
  [['--profile', 'standard', '--seed', '4294967296'], {}, '--seed 4294967296: it is a whole number from 0'],
  [['--profile', 'standard', '--max-attachment-bytes', '0'], {}, '--max-attachment-bytes 0: it is a whole'],
  [['--profile', 'standard', '--intake', 'push'], {}, '--intake push needs --proxy-url.'],
  [
    ['--profile', 'standard', '--proxy-url', 'http://x'],
    {},
    '--proxy-url and --proxy-token need --intake push.',
  ],
  [['--profile', 'standard'], { LARGE_ATTACHMENT_RATE: '10' }, 'LARGE_ATTACHMENT_RATE="10" is too large.'],
] as const)('refuses %j with %j', { tags: 'long' }, async (flags, environment, message) => {
  expect(await failed(flags, environment)).toContain(message)
})
