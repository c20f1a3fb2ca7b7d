import { GenericContainer, type WaitStrategy } from 'testcontainers'
import { MailstormError } from '../../src/error.ts'
import { LOG_LINES_SHOWN, type ServiceEnd, startFailure, type Usage } from '../service.ts'
import { type ContainerHandle, copyFileOut, type Docker, type Inspection, logTailOf } from './dockerode.ts'
import type { Engine } from './engine.ts'
import { EventWatch } from './event-watch.ts'
import { haveImage } from './image.ts'
import { IMAGE_WITHIN_MS, type Limits } from './options.ts'
import { gone, ownLabels, SERVICE_LABEL } from './owner.ts'
import { reasonOf } from './refusal.ts'
import { Stats } from './stats.ts'
import { within } from './waiting.ts'

/** What to run in a container, and when it is ready. */
export interface ContainerPlan {
  /** Name of the service, and of its container in our network. */
  readonly name: string
  readonly image: string
  /** Port in the container → published port, 0 for any free one. */
  readonly ports: Readonly<Record<number, number>>
  readonly environment: Readonly<Record<string, string>>
  readonly hostname?: string
  readonly command?: readonly string[]
  /** Files to create before the container starts: content by path. */
  readonly files?: Readonly<Record<string, string>>
  readonly limits: Limits
  readonly readyWithinMs: number
  readonly note: (line: string) => void
  /** Resolves when the service itself reports that it is ready; the signal ends the wait. */
  ready(container: RunningContainer, signal: AbortSignal): Promise<void>
}

type CreateOptions = Parameters<Docker['createContainer']>[0]
type HostConfig = NonNullable<CreateOptions['HostConfig']>

/** Testcontainers must not wait: it would remove a container that is not ready together with its log. */
const AT_ONCE: WaitStrategy = {
  waitUntilReady: async () => undefined,
  withStartupTimeout: () => AT_ONCE,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
}

/** Settings of our containers that Testcontainers has no API for. */
export class ContainerSettings {
  readonly plan: ContainerPlan
  /** Name of the container's network. */
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

  applyTo(container: GenericContainer, create: CreateOptions, host: HostConfig): void {
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
    // Limit of memory plus swap: no swap.
    host.MemorySwap = plan.limits.memoryBytes
    host.LogConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } }
  }

  /** Called before the start, so that even a container that ends at once is seen to end. */
  async created(id: string): Promise<void> {
    this.#id = id
    this.#watch.resolve(EventWatch.open(this.#engine.docker, id))
    await this.watch
  }
}

/** Testcontainers' container, with our settings. */
export class ConfiguredContainer extends GenericContainer {
  readonly #settings: ContainerSettings

  constructor(settings: ContainerSettings) {
    super(settings.plan.image)
    this.#settings = settings
    settings.applyTo(this, this.createOpts, this.hostConfig)
    this.networkMode = settings.network
  }

  protected override containerCreated(id: string): Promise<void> {
    return this.#settings.created(id)
  }
}

export interface ContainerParts {
  readonly name: string
  readonly engine: Engine
  readonly handle: ContainerHandle
  readonly watch: EventWatch
  readonly inspection: Inspection
}

/** A container that is running, or ran until it ended by itself. */
export class RunningContainer {
  readonly name: string
  readonly host: string
  /** Pid of the main process, on the engine's machine. */
  readonly pid: number
  readonly handle: ContainerHandle
  readonly #engine: Engine
  readonly #watch: EventWatch
  readonly #stats: Stats
  readonly #ports: Inspection['NetworkSettings']['Ports']
  #stopping: Promise<void> | undefined

  constructor({ name, engine, handle, watch, inspection }: ContainerParts) {
    this.name = name
    this.host = engine.host
    this.pid = inspection.State.Pid
    this.handle = handle
    this.#engine = engine
    this.#watch = watch
    this.#stats = new Stats(handle)
    this.#ports = inspection.NetworkSettings.Ports
  }

  /** The published port for a port of the container. */
  port(inside: number): number {
    const published = this.#ports[`${inside}/tcp`]?.[0]?.HostPort
    if (published === undefined) throw new RangeError(`${this.name} publishes no port ${inside}`)
    return Number(published)
  }

  get endedBy(): string | undefined {
    return this.#watch.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.#watch.ended
  }

  /** How often one of its processes was killed for lack of memory; the container may live on without it. */
  get outOfMemory(): number {
    return this.#watch.outOfMemory
  }

  async usage(): Promise<Usage | undefined> {
    if (this.endedBy !== undefined || this.#stopping !== undefined) return undefined
    return this.#stats.usage()
  }

  /** Empty once the container is removed, which stop() does. */
  logTail(lines: number): Promise<string[]> {
    return logTailOf(this.handle, lines)
  }

  /** Also works after the container has ended. */
  copyOut(from: string, to: string): Promise<void> {
    return copyFileOut(this.handle, from, to)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#remove()
    return this.#stopping
  }

  /** SIGKILL: nothing in the container is worth waiting for, and its data are removed with it. */
  async #remove(): Promise<void> {
    this.#watch.close()
    try {
      await this.#stats.close()
      await gone(this.handle.remove({ force: true, v: true }))
    } finally {
      await this.#engine.network.leave()
    }
  }
}

type Make = (settings: ContainerSettings) => GenericContainer

/** Starts a container and waits until its service is ready. After a failure nothing stays behind. */
export async function startContainer(
  engine: Engine,
  plan: ContainerPlan,
  make: Make = (settings) => new ConfiguredContainer(settings),
): Promise<RunningContainer> {
  const { name, image, note } = plan
  const sessionId = await engine.prepare(note)
  await haveImage(engine.client, { image, withinMs: IMAGE_WITHIN_MS, note })
  const network = await engine.network.join(sessionId).catch((error) => {
    throw startFailure(name, reasonOf(error), [])
  })
  const settings = new ContainerSettings(engine, plan, network)
  try {
    return await boot(engine, settings, make)
  } catch (error) {
    const failure = await explained(engine, settings, error)
    // Report the first error; what a failing engine cannot remove now is swept at the next start.
    await remove(engine, settings).catch(() => undefined)
    throw failure
  }
}

async function boot(engine: Engine, settings: ContainerSettings, make: Make): Promise<RunningContainer> {
  const { plan } = settings
  const starting = make(settings).start()
  // When the container ends first, how its start fails no longer matters.
  starting.catch(() => undefined)
  const started = await unlessItEnds(settings, starting)
  const handle = engine.docker.getContainer(started.getId())
  const [watch, inspection] = [await settings.watch, await handle.inspect()]
  const container = new RunningContainer({ name: plan.name, engine, handle, watch, inspection })
  const late = () => new Error(`it was not ready within ${plan.readyWithinMs} ms`)
  await within(plan.readyWithinMs, late, (signal) => unlessItEnds(settings, plan.ready(container, signal)))
  return container
}

async function unlessItEnds<T>(settings: ContainerSettings, work: Promise<T>): Promise<T> {
  const ended = settings.watch.then(async (watch): Promise<never> => {
    const end = await watch.ended
    throw new Error(`it ${end?.by ?? 'was stopped'}`)
  })
  ended.catch(() => undefined)
  work.catch(() => undefined)
  return Promise.race([work, ended])
}

async function explained(
  engine: Engine,
  settings: ContainerSettings,
  error: unknown,
): Promise<MailstormError> {
  if (error instanceof MailstormError) return error
  const { id } = settings
  // When the engine is gone there is no log; the first error says so.
  const log =
    id === undefined ? [] : await logTailOf(engine.docker.getContainer(id), LOG_LINES_SHOWN).catch(() => [])
  return startFailure(settings.plan.name, reasonOf(error), log)
}

async function remove(engine: Engine, settings: ContainerSettings): Promise<void> {
  const { id } = settings
  if (id !== undefined) {
    await settings.watch.then(
      (watch) => watch.close(),
      () => undefined,
    )
    await gone(engine.docker.getContainer(id).remove({ force: true, v: true }))
  }
  await engine.network.leave()
}
