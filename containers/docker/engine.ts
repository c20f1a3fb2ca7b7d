import { accessSync, constants, existsSync } from 'node:fs'
import {
  type ContainerRuntimeClient,
  getContainerRuntimeClient,
  getReaper,
  ImageName,
  LABEL_TESTCONTAINERS_SESSION_ID,
} from 'testcontainers'
import { MailstormError } from '../../src/error.ts'
import { isLoopback, LOOPBACK } from '../../src/listening.ts'
import { variable, withVariable } from '../../src/options/process-environment.ts'
import type { Docker } from './dockerode.ts'
import { haveImage } from './image.ts'
import { gone, ownLabels, sweepOrphans } from './owner.ts'
import { reasonOf } from './refusal.ts'
import { within } from './waiting.ts'

const ANSWER_WITHIN_MS = 3_000
const HOST_OVERRIDE = 'TESTCONTAINERS_HOST_OVERRIDE'

/** The container engine of this process: Docker, or anything that speaks its protocol. */
export class Engine {
  static #connected: Promise<Engine> | undefined

  readonly client: ContainerRuntimeClient
  /** Host on which published ports are reached. */
  readonly host: string
  /** Address to publish ports on: loopback, unless the engine is on another machine. */
  readonly publishOn: string
  readonly network: OwnNetwork
  #prepared: Promise<string> | undefined

  /** Connects to the engine that answers. When none does, throws a MailstormError that says where it looked. */
  static connect(withinMs = ANSWER_WITHIN_MS): Promise<Engine> {
    Engine.#connected ??= connect(withinMs).catch((error) => {
      Engine.#connected = undefined
      throw error
    })
    return Engine.#connected
  }

  constructor(client: ContainerRuntimeClient) {
    const { host } = client.info.containerRuntime
    const isHere = isLoopback(host)
    this.client = client
    this.host = isHere ? LOOPBACK : host
    this.publishOn = isHere ? LOOPBACK : '0.0.0.0'
    this.network = new OwnNetwork(this)
  }

  get docker(): Docker {
    return this.client.container.dockerode
  }

  /** For example "Docker 20.10.24". */
  get title(): string {
    return `container engine ${this.client.info.containerRuntime.serverVersion}`
  }

  get cpus(): number {
    return this.client.info.containerRuntime.cpus
  }

  get memoryBytes(): number {
    return this.client.info.containerRuntime.memory
  }

  /**
   * Call before starting anything: sweeps what killed processes left behind, and starts the reaper that does so
   * for us. Resolves with the id by which the reaper recognises what is ours.
   */
  prepare(note: (line: string) => void): Promise<string> {
    this.#prepared ??= sweepOrphans(this.docker).then(() => startReaper(this.client, note))
    return this.#prepared
  }
}

async function connect(withinMs: number): Promise<Engine> {
  const silent = () => noEngine(`${address()} did not answer within ${withinMs / 1000} s`)
  return within(withinMs, silent, async () => {
    // Testcontainers reports only that it found none.
    const found = await client().catch(() => undefined)
    if (found === undefined || isSubstitute(found)) throw noEngine(whyNot())
    return new Engine(found)
  })
}

/** When the engine named by DOCKER_HOST does not answer, Testcontainers silently falls back to the local one. */
function isSubstitute({ container }: ContainerRuntimeClient): boolean {
  const given = variable('DOCKER_HOST')
  const { socketPath } = container.dockerode.modem as { readonly socketPath?: string }
  return given !== undefined && socketPath !== undefined && !given.endsWith(socketPath)
}

/**
 * Inside a container Testcontainers takes the bridge's gateway for the engine's host. When the engine runs in
 * the same container the bridge is local, and ports are published on our own loopback.
 */
function client(): Promise<ContainerRuntimeClient> {
  const together = existsSync('/.dockerenv') && existsSync('/sys/class/net/docker0')
  if (!together || variable(HOST_OVERRIDE) !== undefined) return getContainerRuntimeClient()
  return withVariable(HOST_OVERRIDE, LOOPBACK, getContainerRuntimeClient)
}

const SOCKET = '/var/run/docker.sock'

function address(): string {
  return variable('DOCKER_HOST') ?? SOCKET
}

function whyNot(): string {
  const given = variable('DOCKER_HOST')
  if (given !== undefined) return `none answers at DOCKER_HOST=${given}`
  if (!existsSync(SOCKET)) return `there is no ${SOCKET}`
  try {
    accessSync(SOCKET, constants.R_OK | constants.W_OK)
    return `none answers at ${SOCKET}`
  } catch {
    return `this user may not use ${SOCKET} (it belongs to the group docker)`
  }
}

function noEngine(why: string): MailstormError {
  return new MailstormError(
    'NO_ENGINE',
    `Failed to find a container engine: ${why}.`,
    'Start Docker (or set DOCKER_HOST to where it is), or use STRESS_BACKEND=embedded.',
  )
}

/** The network of this process's containers. It exists while at least one container is in it. */
export class OwnNetwork {
  readonly #engine: Engine
  #members = 0
  #made = 0
  #turn: Promise<unknown> = Promise.resolve()
  #name: string | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Resolves with its name for a container that joins. Each call is paired with one leave(). */
  join(sessionId: string): Promise<string> {
    return this.#inTurn(async () => {
      this.#name ??= await this.#create(sessionId)
      this.#members++
      return this.#name
    })
  }

  /** Call once the container is removed. */
  leave(): Promise<void> {
    return this.#inTurn(async () => {
      this.#members--
      if (this.#members > 0 || this.#name === undefined) return
      const name = this.#name
      this.#name = undefined
      await gone(this.#engine.docker.getNetwork(name).remove())
    })
  }

  /** The network's address on the engine's machine; undefined while there is none. */
  async gateway(): Promise<string | undefined> {
    if (this.#name === undefined) return undefined
    const { IPAM } = await this.#engine.docker.getNetwork(this.#name).inspect()
    return IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway
  }

  async #create(sessionId: string): Promise<string> {
    const name = `mailstorm-${process.pid}-${crypto.randomUUID().slice(0, 8)}-${++this.#made}`
    await this.#engine.client.network.create({
      Name: name,
      Driver: 'bridge',
      Labels: { ...ownLabels(), [LABEL_TESTCONTAINERS_SESSION_ID]: sessionId },
      Options: { 'com.docker.network.bridge.host_binding_ipv4': this.#engine.publishOn },
    })
    return name
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

const DISABLED = 'TESTCONTAINERS_RYUK_DISABLED'
/** The image that Testcontainers uses for its reaper. We set it when unset, to know which image to pull. */
const IMAGE = 'RYUK_CONTAINER_IMAGE'
export const REAPER_IMAGE = 'testcontainers/ryuk:0.14.0'
/** Not worth a longer wait: without the reaper we sweep at the next start. */
const IMAGE_WITHIN_MS = 20_000

/**
 * Starts Testcontainers' reaper (Ryuk), which removes our containers if we are killed. When its image is not
 * available, or it may not run, we go on without it. Resolves with the id by which it recognises what is ours.
 */
export async function startReaper(
  client: ContainerRuntimeClient,
  note: (line: string) => void,
): Promise<string> {
  if (variable(DISABLED) !== 'true') {
    try {
      const image = variable(IMAGE) || REAPER_IMAGE
      await haveImage(client, { image: ImageName.fromString(image).string, withinMs: IMAGE_WITHIN_MS, note })
      return await withVariable(IMAGE, image, async () => (await getReaper(client)).sessionId)
    } catch (error) {
      note(
        `Without Testcontainers' reaper (${reasonOf(error)}): what a killed run leaves behind is removed at the next start.`,
      )
    }
  }
  // Otherwise Testcontainers would try again for each container, and fail that container.
  return withVariable(DISABLED, 'true', async () => (await getReaper(client)).sessionId)
}
