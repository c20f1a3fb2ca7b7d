import type { GenericContainer, WaitStrategy } from 'testcontainers'
import type { RunningContainer } from './container.ts'
import type { Docker } from './dockerode.ts'
import type { Engine } from './engine.ts'
import { EventWatch } from './event-watch.ts'
import type { Limits } from './options.ts'
import { ownLabels, SERVICE_LABEL } from './owner.ts'

/** What is to run in a container, and when it is ready. */
export interface ContainerPlan {
  /** Name of the service, and of its container in our network. */
  readonly name: string
  readonly image: string
  /** Port in the container → port it is published on, 0 for any free one. */
  readonly ports: Readonly<Record<number, number>>
  readonly environment: Readonly<Record<string, string>>
  readonly hostname?: string
  readonly command?: readonly string[]
  /** Content by path in the container, there before it starts. */
  readonly files?: Readonly<Record<string, string>>
  readonly limits: Limits
  readonly readyWithinMs: number
  readonly note: (line: string) => void
  /** Resolves when the service itself has said that it is ready; the signal ends the waiting. */
  ready(container: RunningContainer, signal: AbortSignal): Promise<void>
}

type CreateOptions = Parameters<Docker['createContainer']>[0]
type HostConfig = NonNullable<CreateOptions['HostConfig']>

/** Testcontainers is not to wait: it removes a container that is not ready with its log. */
const AT_ONCE: WaitStrategy = {
  waitUntilReady: async () => undefined,
  withStartupTimeout: () => AT_ONCE,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
}

/** What Testcontainers has no words for, put on one container of ours. */
export class Outfit {
  readonly plan: ContainerPlan
  /** Name of the network it is in. */
  readonly network: string
  readonly #engine: Engine
  readonly #watch = Promise.withResolvers<EventWatch>()
  #id: string | undefined

  constructor(engine: Engine, plan: ContainerPlan, network: string) {
    this.#engine = engine
    this.plan = plan
    this.network = network
  }

  /** Undefined until the engine has created the container. */
  get id(): string | undefined {
    return this.#id
  }

  /** Opened as soon as the container is created. */
  get watch(): Promise<EventWatch> {
    return this.#watch.promise
  }

  put(container: GenericContainer, create: CreateOptions, host: HostConfig): void {
    const { plan, network } = this
    const { publishOn, cpus } = this.#engine
    container
      .withLabels({ ...ownLabels(), [SERVICE_LABEL]: plan.name })
      .withEnvironment({ ...plan.environment })
      .withExposedPorts(...Object.keys(plan.ports).map(Number))
      .withWaitStrategy(AT_ONCE)
    if (plan.hostname !== undefined) container.withHostname(plan.hostname)
    if (plan.command !== undefined) container.withCommand([...plan.command])
    const files = Object.entries(plan.files ?? {}).map(([target, content]) => ({ target, content }))
    if (files.length > 0) container.withCopyContentToContainer(files)
    create.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: [plan.name] } } }
    host.PortBindings = Object.fromEntries(
      Object.entries(plan.ports).map(([inside, outside]) => [
        `${inside}/tcp`,
        [{ HostIp: publishOn, HostPort: String(outside) }],
      ]),
    )
    host.NanoCpus = Math.round(Math.min(plan.limits.cpus, cpus) * 1e9)
    host.Memory = plan.limits.memoryBytes
    // The limit of memory and swap together: no swap.
    host.MemorySwap = plan.limits.memoryBytes
    host.LogConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } }
  }

  /** Before it is started, so that even the end of a container that ends at once is seen. */
  async created(id: string): Promise<void> {
    this.#id = id
    this.#watch.resolve(EventWatch.open(this.#engine.docker, id))
    await this.watch
  }
}
