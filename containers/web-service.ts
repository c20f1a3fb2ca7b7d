import { setTimeout as delay } from 'node:timers/promises'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import type { RunningService, Usage } from './service.ts'

/** A service that people look at with a browser. */
export interface RunningWebService extends RunningService {
  readonly url: string
  usage(): Promise<Usage | undefined>
}

const RETRY_AFTER_MS = 100

export class ContainerWebService extends ContainerService implements RunningWebService {
  readonly url: string

  constructor(container: RunningContainer, port: number) {
    super(container)
    this.url = webUrl(container, port)
  }
}

export function webUrl(container: RunningContainer, port: number): string {
  return `http://${container.host}:${container.port(port)}`
}

/** Until it answers with a success. */
export async function awaitSuccess(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const ok = await fetch(url, { signal }).then(
      (response) => response.ok,
      () => false,
    )
    if (ok || signal.aborted) return
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => undefined)
  }
}
