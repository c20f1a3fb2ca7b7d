// @module-tag long

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { embeddedMailhog } from '../../containers/mailhog.ts'
import { embeddedProxy } from '../../containers/proxy.ts'
import { ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { ADMIN_TOKEN, enqueue, messages, setUp } from './rig.ts'
import { TenantServer } from './tenant-server.ts'

const freshDatabase = freshDatabases()
const MEBIBYTE = 1024 ** 2
const ATTACHMENT_BYTES = 50 * MEBIBYTE
const MESSAGES = 20
/** The memory limit of the proxy's container in genro-mail-proxy's pressure test. */
const LIMIT_MB = 512

test(`stays below ${LIMIT_MB} MB with ${MESSAGES} messages in flight that have 50 MB attached each`, {
  timeout: 180_000,
}, async ({ annotate }) => {
  await using parts = new AsyncDisposableStack()
  const sink = parts.use(await embeddedMailhog({ digestOnly: true }).start())
  const tenant = parts.use(await TenantServer.start())
  const proxy = parts.use(
    await embeddedProxy({ databaseUrl: await freshDatabase(), apiToken: ADMIN_TOKEN }).start(),
  )
  const api = new ApiClient(proxy.url, ADMIN_TOKEN)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  const atOnce = new Set<unknown>()
  let mostAtOnce = 0
  tenant.files = (_, response) => {
    atOnce.add(response)
    mostAtOnce = Math.max(mostAtOnce, atOnce.size)
    response.on('close', () => atOnce.delete(response))
    streamZeros(response, ATTACHMENT_BYTES)
  }
  const curve: number[] = []
  const sampling = setInterval(() => curve.push(residentMb(proxy.pid)), 500)
  await enqueue(api, messages(MESSAGES, { attachments: [{ filename: 'large.bin', storage_path: 'p' }] }))
  await sink.client.waitForCount(MESSAGES, 150_000)
  clearInterval(sampling)
  await annotate(`resident memory, MB each 500 ms: ${curve.join(' ')}`)
  expect(mostAtOnce).toBe(MESSAGES)
  expect(await api.metric('gmp_attachment_bytes_total')).toBe(MESSAGES * ATTACHMENT_BYTES)
  expect(Math.max(...curve)).toBeLessThan(LIMIT_MB)
})

function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

function streamZeros(response: import('node:http').ServerResponse, bytes: number): void {
  const block = Buffer.alloc(MEBIBYTE)
  let left = bytes
  const more = () => {
    while (left > 0) {
      left -= block.length
      if (!response.write(block)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}
