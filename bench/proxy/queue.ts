import { MailstormError } from '../../src/error.ts'

/** A proxy's API: ours, or the real one's. */
export interface Api {
  readonly url: string
  readonly token: string
}

export const TENANT = 'bench'
const BODY_BYTES = 1_024
const AT_ONCE = 1_000

/** A tenant that is never called, with an account at the sink. */
export async function setUp(api: Api, smtpPort: number): Promise<void> {
  await post(api, '/tenant', { id: TENANT, name: TENANT })
  await post(api, '/account', {
    id: 'smtp',
    tenant_id: TENANT,
    host: '127.0.0.1',
    port: smtpPort,
    use_tls: false,
  })
}

export async function enqueue(api: Api, count: number): Promise<void> {
  for (let at = 0; at < count; at += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - at)
    const messages = Array.from({ length: size }, (_, n) => message(at + n))
    const { queued } = (await post(api, '/commands/add-messages', { messages })) as { queued?: number }
    if (queued !== size)
      throw new MailstormError('BENCH', `Failed to queue: the proxy took ${queued} of ${size}.`)
  }
}

/** 1 KB of text; with its header about 1.4 KB on the wire. */
function message(n: number): object {
  return {
    id: `m-${n}`,
    tenant_id: TENANT,
    account_id: 'smtp',
    from: 'bench@example.com',
    to: `user-${n % 1_000}@example.com`,
    subject: `Message ${n}`,
    body: `${'x'.repeat(63)}\n`.repeat(BODY_BYTES / 64),
  }
}

export async function post({ url, token }: Api, path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'X-API-Token': token }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok)
    throw new MailstormError('BENCH', `Failed to ask for ${path}: HTTP ${response.status} ${text}.`)
  return JSON.parse(text)
}
