import { once } from 'node:events'
import type { Server } from 'node:net'
import { listening } from '../../listening.ts'
import { apiV1 } from './http/api-v1.ts'
import { apiV2 } from './http/api-v2.ts'
import { BasicAuth, createHttpServer, type SinkHttpServer } from './http/http-server.ts'
import { EventStreams, Hub } from './http/live-events.ts'
import { Messages } from './http/messages.ts'
import { arrivalRoutes, deliveryRoutes, hopRoutes, ownRoutes, webPage } from './http/own-routes.ts'
import { OutgoingServers } from './http/release.ts'
import { type Route, Router } from './http/router.ts'
import { JimSwitch } from './jim.ts'
import type { SinkOptions } from './options.ts'
import { createSmtpServer } from './smtp/connection.ts'
import { DigestFields } from './smtp/content-digest.ts'
import { HopSwitch } from './smtp/hop.ts'
import { HopDoors } from './smtp/hop-doors.ts'
import { Intake } from './smtp/intake.ts'
import { ArrivalJournal } from './store/arrivals.ts'
import { Store } from './store/store.ts'

export interface RunningSink extends AsyncDisposable {
  readonly smtpPort: number
  /** Undefined without SINK_LMTP. */
  readonly lmtpPort: number | undefined
  readonly apiPort: number
  readonly uiPort: number
  close(): Promise<void>
}

/** Starts everything; when one port is taken, closes what is open and rejects. */
export async function startSink(options: SinkOptions): Promise<RunningSink> {
  const store = new Store(options.spoolFolder)
  const messages = new Messages({ store, hostname: options.hostname })
  const hub = new Hub(messages)
  const jim = new JimSwitch({ config: options.jim, invited: options.inviteJim })
  const journal = options.arrivals.length === 0 ? undefined : new ArrivalJournal(options.spoolFolder)
  const intake = new Intake({
    store,
    headerOnly: options.digestOnly,
    fields:
      journal === undefined
        ? new DigestFields(options.digestHeaders, { mime: options.mimeDigests })
        : new DigestFields(options.arrivals, { decoded: true }),
    journal,
    onStored: (message) => hub.publish(message),
  })
  const hop = new HopSwitch()
  const smtp = createSmtpServer({ ...options, intake, jim, hop, lmtp: false })
  const lmtp = createSmtpServer({ ...options, intake, jim, hop, lmtp: true })
  const doors = new HopDoors(hop)
  const sharesListener = options.api.text === options.ui.text
  const api = httpServer(options, hub, [
    ...apiRoutes({ options, messages, hub, jim, journal }),
    ...(options.nextHop ? hopRoutes(doors, () => journal?.count ?? store.count) : []),
    ...(sharesListener ? webPage(options.apiHost + options.webPath) : []),
  ])
  const ui = sharesListener ? api : httpServer(options, undefined, webPage(options.apiHost + options.webPath))
  const close = closeOnce(async () => {
    doors.close()
    for (const socket of [...smtp.sockets, ...lmtp.sockets]) socket.destroy()
    await Promise.all([
      closed(smtp.server),
      closed(lmtp.server),
      closedHttp(api),
      sharesListener ? undefined : closedHttp(ui),
    ])
    store.close()
    journal?.close()
  })
  try {
    const [smtpPort, lmtpPort, apiPort] = await Promise.all([
      listening(smtp.server, options.smtp, '(MH_SMTP_BIND_ADDR)'),
      options.lmtp && listening(lmtp.server, options.lmtp, '(SINK_LMTP)'),
      listening(api.server, options.api, '(MH_API_BIND_ADDR)'),
    ])
    doors.add(smtp, { ...options.smtp, port: smtpPort })
    if (options.lmtp !== undefined && lmtpPort !== undefined)
      doors.add(lmtp, { ...options.lmtp, port: lmtpPort })
    const uiPort = sharesListener ? apiPort : await listening(ui.server, options.ui, '(MH_UI_BIND_ADDR)')
    return { smtpPort, lmtpPort, apiPort, uiPort, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

interface ApiParts {
  readonly options: SinkOptions
  readonly messages: Messages
  readonly hub: Hub
  readonly jim: JimSwitch
  readonly journal: ArrivalJournal | undefined
}

function apiRoutes({ options, messages, hub, jim, journal }: ApiParts): Route[] {
  const outgoing =
    options.outgoingSmtpFile === undefined
      ? new OutgoingServers()
      : OutgoingServers.fromFile(options.outgoingSmtpFile)
  const { hostname, digestHeaders: fieldNames, mimeDigests } = options
  return [
    ...apiV1({ messages, outgoing, hostname, events: new EventStreams(hub) }),
    ...apiV2({ messages, jim, outgoing }),
    ...ownRoutes({ store: messages.store, hub, fieldNames, journal }),
    ...(journal === undefined ? [] : arrivalRoutes(journal)),
    ...(mimeDigests ? deliveryRoutes({ store: messages.store, fieldNames }) : []),
  ]
}

function httpServer(options: SinkOptions, hub: Hub | undefined, routes: readonly Route[]): SinkHttpServer {
  return createHttpServer({
    router: new Router(routes, options),
    auth: options.authFile === undefined ? undefined : BasicAuth.fromFile(options.authFile),
    headerOnly: options.digestOnly,
    websocket: hub && { path: `${options.webPath}/api/v2/websocket`, hub },
  })
}

function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => {
    closing ??= close()
    return closing
  }
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  await once(server, 'close')
}

async function closedHttp({ server, cutAll }: SinkHttpServer): Promise<void> {
  const end = closed(server)
  cutAll()
  await end
}
