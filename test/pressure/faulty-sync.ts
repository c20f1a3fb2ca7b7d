import type { Dispatcher } from 'undici'
import type { LateIntercept } from '../../src/pressure/scene/tenants.ts'
import type { Intercept } from '../../src/programs/proxy/attachments/reach.ts'

type Json = Record<string, unknown>

const isSync = ({ path }: Dispatcher.DispatchOptions) => path === '/sync'

/** Between proxy and tenants: takes away the first report of a message that was sent, and any of it that comes later. */
export class ForgottenReport {
  id: string | undefined

  around(late: LateIntercept): Intercept {
    return (dispatch) => (options, handler) =>
      late.intercept(dispatch)(
        isSync(options) ? { ...options, body: this.#without(options.body) } : options,
        handler,
      )
  }

  #without(body: unknown): string {
    const json = JSON.parse(String(body)) as Json
    const items = (json.delivery_report ?? []) as readonly {
      readonly id: string
      readonly sent_ts?: number
    }[]
    this.id ??= items.find((item) => item.sent_ts !== undefined)?.id
    const left = items.filter(({ id }) => id !== this.id)
    return JSON.stringify({ ...json, delivery_report: left, reports: left })
  }
}

/** Between proxy and tenants: takes the refused recipients away from all reports. */
export class ForgottenRefusals {
  around(late: LateIntercept): Intercept {
    return (dispatch) => (options, handler) =>
      late.intercept(dispatch)(
        isSync(options) ? { ...options, body: withoutRefusals(options.body) } : options,
        handler,
      )
  }
}

function withoutRefusals(body: unknown): string {
  const json = JSON.parse(String(body)) as Json
  const items = (json.delivery_report ?? []) as readonly Json[]
  const left = items.map(({ refused_recipients: _, ...item }) => item)
  return JSON.stringify({ ...json, delivery_report: left, reports: left })
}

/** Between tenants and proxy: the proxy never hears that a tenant does not want to be disturbed. */
export function deafToDnd(late: LateIntercept): Intercept {
  return (dispatch) => (options, handler) =>
    late.intercept(dispatch)(options, isSync(options) ? withoutDnd(handler) : handler)
}

function withoutDnd(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = []
  return {
    onRequestStart: (...given) => handler.onRequestStart?.(...given),
    onResponseStart: (controller, status, headers, text) => {
      const { 'content-length': _, ...others } = headers
      handler.onResponseStart?.(controller, status, others, text)
    },
    onResponseData: (_, chunk) => void chunks.push(Buffer.from(chunk)),
    onResponseEnd: (controller, trailers) => {
      const { next_sync_after: __, ...answer } = JSON.parse(Buffer.concat(chunks).toString()) as Json
      handler.onResponseData?.(controller, Buffer.from(JSON.stringify(answer)))
      handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError: (...given) => handler.onResponseError?.(...given),
  }
}
