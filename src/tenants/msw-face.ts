import { HttpResponse, http, type RequestHandler } from 'msw'
import { answer, type TenantResponse } from './route.ts'
import type { Tenant } from './tenant.ts'

/** A tenant as msw handlers: a virtual host, as `http://tenant-standard.test`, that exists in this process only. */
export function tenantHandlers(tenant: Tenant, baseUrl: string): RequestHandler[] {
  const base = baseUrl.replace(/\/+$/, '')
  return [
    http.all(`${base}/*`, async ({ request }) => {
      const response = await answer(tenant, {
        method: request.method,
        path: new URL(request.url).pathname.slice(new URL(base).pathname.replace(/\/$/, '').length),
        authorization: request.headers.get('authorization'),
        text: () => request.text(),
      })
      return new HttpResponse(bodyOf(response), { status: response.status, headers: { ...response.headers } })
    }),
  ]
}

/** Makes a block when one is asked for: what nobody reads is never made, and what goes on is not held. */
function bodyOf({ blocks, settle }: TenantResponse): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await blocks.next()
        if (next.done !== true) return controller.enqueue(next.value)
        controller.close()
        settle(true)
      },
      async cancel() {
        await blocks.return?.()
        settle(false)
      },
    },
    { highWaterMark: 0 },
  )
}
