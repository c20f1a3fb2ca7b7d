import { setTimeout as delay } from 'node:timers/promises'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import { Engine } from './docker/engine.ts'
import type { ContainerPlan } from './docker/outfit.ts'
import { startContainer } from './docker/start-container.ts'
import type { RunningService, Service } from './service.ts'

/** A service that people look at with a browser. */
export interface RunningWebService extends RunningService {
  readonly url: string
}

export interface WebServiceOptions extends Omit<ContainerPlan, 'ports' | 'ready' | 'note'> {
  readonly port: { readonly inside: number /** 0 for any free one. */; readonly published: number }
  /** Answers with a success once it is ready, as `/-/ready`. */
  readonly readyPath: string
  readonly note: ((line: string) => void) | undefined
}

const RETRY_AFTER_MS = 100

export function dockerWebService(options: WebServiceOptions): Service<RunningWebService> {
  const { port, readyPath, note = console.info, ...plan } = options
  return {
    async start() {
      const container = await startContainer(await Engine.connect(), {
        ...plan,
        ports: { [port.inside]: port.published },
        note,
        ready: (running, signal) => awaitSuccess(webUrl(running, port.inside) + readyPath, signal),
      })
      return new ContainerWebService(container, port.inside)
    },
  }
}

class ContainerWebService extends ContainerService implements RunningWebService {
  readonly url: string

  constructor(container: RunningContainer, port: number) {
    super(container)
    this.url = webUrl(container, port)
  }
}

function webUrl(container: RunningContainer, port: number): string {
  return `http://${container.host}:${container.port(port)}`
}

/** Until it answers with a success. */
async function awaitSuccess(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const ok = await fetch(url, { signal }).then(
      (response) => response.ok,
      () => false,
    )
    if (ok || signal.aborted) return
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => undefined)
  }
}
