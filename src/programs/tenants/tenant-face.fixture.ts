import { type Dispatcher, request } from 'undici'
import { onTestFinished } from 'vitest'
import type { AttachmentServed, TenantOptions } from './options.ts'
import { createTenant, type Tenant } from './tenant.ts'

/** A tenant that can be called. */
export interface OpenFace extends AsyncDisposable {
  readonly baseUrl: string
  readonly dispatcher: Dispatcher
}

const PLAIN = {
  profile: 'standard',
  messagesPerSync: 20,
  attachmentShare: 1,
  dndShare: 0,
  maxAttachmentBytes: 200_000,
} as const

interface Wire {
  readonly id: string
  readonly attachments: readonly { readonly storage_path: string }[]
}

/** A tenant behind a transport, and how to call it; closed after the test. */
export async function openedFace(
  open: (tenant: Tenant) => Promise<OpenFace>,
  options: Partial<TenantOptions>,
) {
  const served: AttachmentServed[] = []
  const observer = { onAttachment: (one: AttachmentServed) => served.push(one) }
  const tenant = createTenant({ ...PLAIN, observer, ...options })
  const face = await open(tenant)
  onTestFinished(() => face[Symbol.asyncDispose]())
  const { baseUrl, dispatcher } = face
  const get = (path: string) => request(baseUrl + path, { dispatcher })
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    request(baseUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      dispatcher,
      ...(signal && { signal }),
    })
  const sync = async () =>
    ((await (await post('/sync', { delivery_report: [] })).body.json()) as { messages: Wire[] }).messages
  const paths = async () =>
    (await sync()).flatMap(({ attachments }) => attachments.map((one) => one.storage_path))
  return { tenant, served, get, post, sync, paths }
}
