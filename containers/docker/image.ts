import { type ContainerRuntimeClient, ImageName } from 'testcontainers'
// Not exported, and the only internal of the package that we use (docs/decisions/007-docker-backend.md):
// reading Docker's credentials ourselves would take a few hundred lines for three formats and external
// credential helpers.
import { getAuthConfig } from 'testcontainers/build/container-runtime/auth/get-auth-config.js'
import { MailstormError } from '../../src/error.ts'
import { reasonOf } from './refusal.ts'
import { SharedWork, within } from './waiting.ts'

export interface ImageWish {
  readonly image: string
  readonly withinMs: number
  /** Told before anything that takes time. */
  readonly note: (line: string) => void
}

const fetching = new SharedWork<void>()

/** Makes sure that the engine has the image, pulling it if need be. */
export function haveImage(client: ContainerRuntimeClient, wish: ImageWish): Promise<void> {
  return fetching.do(wish.image, async () => {
    if (!(await hasImage(client, wish.image))) await fetchImage(client, wish)
  })
}

async function fetchImage(client: ContainerRuntimeClient, wish: ImageWish): Promise<void> {
  const { image, withinMs, note } = wish
  note(`Fetching the container image ${image} (once; ${withinMs / 1000} s at most) …`)
  const startedMs = performance.now()
  try {
    await within(
      withinMs,
      () => new Error(`it did not arrive within ${withinMs / 1000} s`),
      (signal) => pull(client, image, signal),
    )
  } catch (error) {
    throw noImage(image, error)
  }
  note(`Fetched ${image} in ${Math.round((performance.now() - startedMs) / 1000)} s.`)
}

/** Testcontainers' own `exists` asks once and caches the answer; images come and go. */
export async function hasImage(client: ContainerRuntimeClient, image: string): Promise<boolean> {
  try {
    await client.container.dockerode.getImage(image).inspect()
    return true
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false
    throw error
  }
}

/** Testcontainers' own pull mistakes an error in the engine's answer for success. */
async function pull(client: ContainerRuntimeClient, image: string, signal: AbortSignal): Promise<void> {
  const { dockerode } = client.container
  const { registry, string } = ImageName.fromString(image)
  const authconfig = await getAuthConfig(registry ?? client.info.containerRuntime.indexServerAddress)
  const stream = await dockerode.pull(string, { authconfig, abortSignal: signal })
  await finished(dockerode, stream)
}

/** Resolves at the end of a progress stream, or rejects with the error in it. */
export function finished(
  docker: ContainerRuntimeClient['container']['dockerode'],
  stream: NodeJS.ReadableStream,
): Promise<readonly Progress[]> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, lines: readonly Progress[]) =>
      error === null ? resolve(lines) : reject(error),
    )
  })
}

export interface Progress {
  readonly stream?: string
}

function noImage(image: string, error: unknown): MailstormError {
  return new MailstormError(
    'IMAGE',
    `Failed to get the container image ${image}: ${reasonOf(error)}.`,
    `Build or load it (docker load, docker pull ${image}), name another one, or use STRESS_BACKEND=embedded.`,
  )
}
