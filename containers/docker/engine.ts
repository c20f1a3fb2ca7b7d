import { accessSync, constants, existsSync } from 'node:fs'
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers'
import { MailstormError } from '../../src/error.ts'
import type { Docker } from './dockerode.ts'
import { withEnvironment } from './environment.ts'
import { OwnNetwork } from './network.ts'
import { startReaper } from './reaper.ts'
import { sweepOrphans } from './sweep.ts'
import { within } from './within.ts'

const LOOPBACK = '127.0.0.1'
const ANSWER_WITHIN_MS = 3_000
const HOST_OVERRIDE = 'TESTCONTAINERS_HOST_OVERRIDE'

/** The container engine of this process: Docker, or what speaks its protocol. */
export class Engine {
  static #connected: Promise<Engine> | undefined

  readonly client: ContainerRuntimeClient
  /** Where published ports are reached. */
  readonly host: string
  /** The address they are published on: loopback alone, unless the engine is on another machine. */
  readonly publishOn: string
  readonly network: OwnNetwork
  #prepared: Promise<string> | undefined

  /** The engine that answers; throws a MailstormError that says what was looked for when none does. */
  static connect(withinMs = ANSWER_WITHIN_MS): Promise<Engine> {
    Engine.#connected ??= connect(withinMs).catch((error) => {
      Engine.#connected = undefined
      throw error
    })
    return Engine.#connected
  }

  constructor(client: ContainerRuntimeClient) {
    const { host } = client.info.containerRuntime
    const isHere = host === 'localhost' || host === '::1' || host.startsWith('127.')
    this.client = client
    this.host = isHere ? LOOPBACK : host
    this.publishOn = isHere ? LOOPBACK : '0.0.0.0'
    this.network = new OwnNetwork(this)
  }

  get docker(): Docker {
    return this.client.container.dockerode
  }

  /** As "Docker 20.10.24". */
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
   * To be called before anything is started: sweeps what killed processes left, and starts the reaper
   * that does it for us. Gives the id by which the reaper knows what is ours.
   */
  prepare(note: (line: string) => void): Promise<string> {
    this.#prepared ??= sweepOrphans(this.docker).then(() => startReaper(this.client, note))
    return this.#prepared
  }
}

async function connect(withinMs: number): Promise<Engine> {
  const silent = () => noEngine(`${address()} did not answer within ${withinMs / 1000} s`)
  return within(withinMs, silent, async () => {
    // Testcontainers says only that it found none.
    const found = await client().catch(() => undefined)
    if (found === undefined || isSubstitute(found)) throw noEngine(whyNot())
    return new Engine(found)
  })
}

/** When the engine that the user named does not answer, Testcontainers silently takes the local one. */
function isSubstitute({ container }: ContainerRuntimeClient): boolean {
  const { DOCKER_HOST: given } = process.env
  const { socketPath } = container.dockerode.modem as { readonly socketPath?: string }
  return given !== undefined && socketPath !== undefined && !given.endsWith(socketPath)
}

/**
 * Within a container Testcontainers takes the gateway of the bridge for the engine's host. Where the
 * engine runs in the same container, its bridge is here, and ports are published on our own loopback.
 */
function client(): Promise<ContainerRuntimeClient> {
  const together = existsSync('/.dockerenv') && existsSync('/sys/class/net/docker0')
  if (!together || process.env[HOST_OVERRIDE] !== undefined) return getContainerRuntimeClient()
  return withEnvironment(HOST_OVERRIDE, LOOPBACK, getContainerRuntimeClient)
}

const SOCKET = '/var/run/docker.sock'

function address(): string {
  return process.env.DOCKER_HOST ?? SOCKET
}

function whyNot(): string {
  const { DOCKER_HOST: given } = process.env
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
