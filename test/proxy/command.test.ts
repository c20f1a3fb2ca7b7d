import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { BARE_ENVIRONMENT } from '../child-process.ts'
import { freshDatabases } from './databases.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

const freshDatabase = freshDatabases()

/** `mailstorm proxy` as a process. */
function proxy(variables: Record<string, string>) {
  const env = { ...BARE_ENVIRONMENT, ...variables }
  const child = spawn(process.execPath, [CLI, 'proxy'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('runs a proxy until Ctrl-C', async () => {
  const child = proxy({
    GMP_DB_PATH: await freshDatabase(),
    GMP_API_TOKEN: 'pressure-test-token',
    GMP_PORT: '0',
  })
  const ended = once(child, 'exit')
  const [ready] = await once(createInterface(child.stdout), 'line')
  const { url } = JSON.parse(ready)
  const response = await fetch(`${url}/status`, { headers: { 'X-API-Token': 'pressure-test-token' } })
  expect(await response.json()).toMatchObject({ ok: true, active: true })
  child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
})

test('signals that come together are one request: what is being sent may still end', async () => {
  const child = proxy({ GMP_DB_PATH: await freshDatabase(), GMP_PORT: '0' })
  const ended = once(child, 'exit')
  await once(createInterface(child.stdout), 'line')
  // As from `timeout`, or from npx, which passes on what the whole process group received.
  child.kill('SIGINT')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

test.for([
  [
    'no database',
    {},
    'Failed to configure the proxy: one problem.\n  GMP_DB_PATH is not set. Allowed: a URL',
  ],
  [
    'a setting that does not exist',
    { GMP_DB_PATH: 'postgresql://x@127.0.0.1:1/x', GMP_POOLSIZE: '3' },
    'GMP_POOLSIZE is not known',
  ],
  [
    'a database that does not answer',
    { GMP_DB_PATH: 'postgresql://x@127.0.0.1:1/x' },
    'Failed to start the proxy: connect ECONNREFUSED 127.0.0.1:1.',
  ],
] as const)('refuses to start with %s, in one message', async ([, variables, message]) => {
  const child = proxy(variables)
  const [[code], errors] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  expect(code).toBe(2)
  expect(errors).toContain(message)
  expect(errors).not.toMatch(/\n\s+at /)
})
