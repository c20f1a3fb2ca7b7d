import { Engine } from '../../containers/docker/engine.ts'
import { haveImage } from '../../containers/docker/image.ts'
import { type Labels, OWNER_LABEL, SERVICE_LABEL } from '../../containers/docker/owner.ts'
import { MailstormError } from '../../src/error.ts'

/** Long enough for a runner of CI to fetch a base image. */
const IMAGE_WITHIN_MS = 60_000

/** The reason why tests that need these images cannot run here; undefined when they can. */
export async function whyNoDocker(...images: readonly string[]): Promise<string | undefined> {
  try {
    const { client } = await Engine.connect()
    for (const image of images) {
      await haveImage(client, { image, withinMs: IMAGE_WITHIN_MS, note: console.info })
    }
    return undefined
  } catch (error) {
    if (!(error instanceof MailstormError)) throw error
    return error.message.replace(/\n.*/s, '')
  }
}

/** What of a process the engine has: its containers, by service, and its networks. */
export async function inEngineOf(ownerPid: number | undefined): Promise<string[]> {
  const { docker } = await Engine.connect()
  const filters = { label: [OWNER_LABEL] }
  const containers = await docker.listContainers({ all: true, filters })
  const networks = await docker.listNetworks({ filters })
  const isOf = (labels: Labels = {}) => labels[OWNER_LABEL]?.startsWith(`${ownerPid}:`) === true
  return [
    ...containers
      .filter(({ Labels: labels }) => isOf(labels))
      .map(({ Labels: labels }) => labels[SERVICE_LABEL] ?? '?'),
    ...networks.filter(({ Labels: labels }) => isOf(labels)).map(() => 'network'),
  ].toSorted()
}

/** What a run needs to find the engine that this process uses, and its images. */
export function dockerEnvironment(): NodeJS.ProcessEnv {
  const names = /^(DOCKER_|TESTCONTAINERS_|RYUK_|NODE_IMAGE$|MAILHOG_IMAGE$|POSTGRES_IMAGE$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)))
}

/** Ends the container of a service as kill -9 of its main process does. */
export async function killService(name: string, ownerPid = process.pid): Promise<void> {
  const { docker } = await Engine.connect()
  const filters = { label: [`${SERVICE_LABEL}=${name}`] }
  const all = await docker.listContainers({ filters })
  const [container] = all.filter(({ Labels }) => Labels[OWNER_LABEL]?.startsWith(`${ownerPid}:`))
  if (container === undefined) throw new Error(`process ${ownerPid} has no running container ${name}`)
  await docker.getContainer(container.Id).kill({ signal: 'KILL' })
}
