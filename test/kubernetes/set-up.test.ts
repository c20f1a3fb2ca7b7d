import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { BARE_ENVIRONMENT } from '../child-process.ts'

const ROOT = join(import.meta.dirname, '../..')

async function setUp(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['deploy/images/set-up.ts', ...args], {
    cwd: ROOT,
    env: { ...BARE_ENVIRONMENT, ...env },
  })
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await closed
  return { code, out, err }
}

test('makes the tenant, then its account with the sink as its server', async () => {
  const calls: { url: string | undefined; token: unknown; body: Record<string, unknown> }[] = []
  const proxy = createServer(async (request, response) => {
    const body = await text(request)
    if (request.method === 'POST')
      calls.push({ url: request.url, token: request.headers['x-api-token'], body: JSON.parse(body) })
    response.end(JSON.stringify({ ok: true, status: 'ok' }))
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  const run = await setUp(['newsletter=http://client-newsletter:8080'], {
    PROXY_URL: `http://127.0.0.1:${port}`,
    PROXY_TOKEN: 'a-token',
    SMTP_SINK: 'mailhog:1025',
  })
  proxy.close()
  expect(run).toEqual({
    code: 0,
    out: 'tenant-newsletter is set up (http://client-newsletter:8080)\n',
    err: '',
  })
  expect(calls.map(({ url, token }) => [url, token])).toEqual([
    ['/tenant', 'a-token'],
    ['/account', 'a-token'],
    ['/tenant', 'a-token'],
  ])
  const tenant = { id: 'tenant-newsletter', client_base_url: 'http://client-newsletter:8080' }
  expect(calls[0]?.body).toMatchObject({ ...tenant, active: false })
  expect(calls[2]?.body).toMatchObject({ ...tenant, active: true })
  expect(calls[1]?.body).toMatchObject({
    tenant_id: 'tenant-newsletter',
    smtp_host: 'mailhog',
    smtp_port: 1025,
  })
})

test('names every variable that is wrong, before it calls anybody', async () => {
  const { code, err } = await setUp([], { PROXY_URL: 'mailproxy', SMTP_SINK: 'mailhog' })
  expect(err).toContain('PROXY_URL is "mailproxy", and not a URL')
  expect(err).toContain('SMTP_SINK is "mailhog", and not host:port; no tenant is named')
  expect(code).toBe(1)
})

test.each(['newsletters=http://x', 'newsletter', 'newsletter=nowhere'])(
  'refuses the tenant %s',
  async (word) => {
    const { code, err } = await setUp([word], { PROXY_URL: 'http://x', SMTP_SINK: 'x:1' })
    expect(err).toContain(`Failed to set up tenants: "${word}" is not PROFILE=URL.`)
    expect(code).toBe(1)
  },
)
