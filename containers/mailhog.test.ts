import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { testMailhogService } from './mailhog.contract.ts'
import { embeddedMailhog, sinkFor } from './mailhog.ts'
import { MailhogClient } from './mailhog-client.ts'

testMailhogService({
  implementation: 'embedded',
  newService: embeddedMailhog,
  kill: (mailhog) => process.kill(mailhog.pid, 'SIGKILL'),
})

test('fails to start with the reason of the sink when an option is wrong', async () => {
  const service = embeddedMailhog({ environment: { MH_STORAGE: 'mongodb' } })
  await expect(service.start()).rejects.toThrow(
    /^Failed to start mailhog: it exited with code 1\.\n.*MH_STORAGE="mongodb" is not valid. Allowed: memory/s,
  )
})

test('reaches the API below its web path', async () => {
  await using mailhog = await embeddedMailhog({ environment: { MH_UI_WEB_PATH: 'mail' } }).start()
  expect(mailhog.apiUrl).toMatch(/\/mail$/)
  expect(await mailhog.client.count()).toBe(0)
})

test('reports what it uses of the machine', async () => {
  await using mailhog = await embeddedMailhog().start()
  const usage = await mailhog.usage()
  expect(usage?.memoryBytes).toBeGreaterThan(10_000_000)
})

const MEGABYTE = 1024 ** 2

test('the real MailHog is refused messages above 1 MB before anything is booted, and the alternative is named', () => {
  const choice = { backend: 'docker', sink: 'mailhog', largestMessageBytes: 10 * MEGABYTE } as const
  expect(() => sinkFor(choice)).toThrow(/messages of up to 10\.0 MB[\s\S]*SINK=mailstorm/)
  expect(() => sinkFor({ ...choice, largestMessageBytes: MEGABYTE })).not.toThrow()
  expect(() => sinkFor({ ...choice, sink: 'mailstorm' })).not.toThrow()
  expect(() => sinkFor({ ...choice, backend: 'embedded' })).not.toThrow()
})

test('an answer that is no JSON says whose it is', async () => {
  const server = createServer((_request, response) => response.end('<h1>not MailHog</h1>')).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(new MailhogClient(url).count()).rejects.toMatchObject({
    code: 'MAILHOG_API',
    message: expect.stringContaining(`GET ${url}/api/v2/messages?limit=1: its answer cannot be read`),
  })
})
