import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach } from 'vitest'
import { readSubmission } from '../intake/mail.ts'
import { Log } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { type ProxyOptions, proxyConfig } from '../options.ts'
import { Attachments } from './attachments.ts'

export const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export async function opened(options: Partial<ProxyOptions> = {}): Promise<Attachments> {
  const config = proxyConfig({ databaseUrl: 'postgres://x/y', ...options })
  const attachments = await Attachments.open({ config, metrics: new Metrics(), log: new Log('silent') })
  cleanups.push(() => attachments.close())
  return attachments
}

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'proxy-attachments-'))
  cleanups.push(() => rm(path, { recursive: true }))
  return path
}

/** A tenant's server that counts requests. */
export async function tenant(answer: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked }
}

export const md5Of = (content: Buffer | string) => createHash('md5').update(content).digest('hex')

export function message(
  attachments: object[],
  baseUrl: string | null = null,
  auth: object | null = null,
  tenantId = 't',
) {
  const plain = { id: 'm', tenant_id: tenantId, from: 'a@x.test', to: 'b@y.test', subject: 's' }
  const client = { baseUrl, syncPath: null, attachmentPath: '/files', auth: auth as null, fenced: false }
  return {
    mail: readSubmission({ ...plain, attachments }).mail,
    client,
    tenantId,
    pk: '1',
    id: 'm',
    largeFiles: null,
  }
}

export const never = new AbortController().signal

/** Content of each attachment. */
export async function read(
  attachments: Attachments,
  from: ReturnType<typeof message>,
  signal = never,
): Promise<Buffer[]> {
  using open = await attachments.of(from, signal)
  return await Promise.all(
    open.items.map(({ content }) => (Buffer.isBuffer(content) ? content : buffer(content))),
  )
}
