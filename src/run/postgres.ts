import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { Engine } from '../../containers/docker/engine.ts'
import { haveImage } from '../../containers/docker/image.ts'
import { dockerPostgres } from '../../containers/postgres/docker.ts'
import { embeddedPostgres, type RunningPostgres } from '../../containers/postgres/postgres.ts'
import { MailstormError } from '../error.ts'
import type { Options } from '../options/options.ts'

/** What pressure runs share: the way services boot, and one PostgreSQL. */
export interface PressureBackend extends AsyncDisposable {
  readonly name: 'embedded' | 'docker'
  readonly why: string
  readonly postgres: RunningPostgres
  /** The URL of a database of its own for one run. */
  newDatabase(): Promise<string>
}

type Choice = Pick<PressureBackend, 'name' | 'why'>

/** An image may be fetched for so long when processes of this machine would do as well. */
const AUTO_IMAGE_WITHIN_MS = 60_000
const IMAGE_WITHIN_MS = 300_000

export async function startPressureBackend(options: Options): Promise<PressureBackend> {
  const choice = await choose(options)
  console.info(`Backend: ${choice.name} (${choice.why})`)
  const postgres = await (choice.name === 'docker'
    ? dockerPostgres({ image: options.containers.postgresImage })
    : embeddedPostgres()
  ).start()
  return {
    ...choice,
    postgres,
    newDatabase: () => newDatabase(postgres.url),
    [Symbol.asyncDispose]: () => postgres.stop(),
  }
}

/** Containers where they are asked for, or where an engine answers and has or can get the images. */
async function choose({ backend, containers }: Options): Promise<Choice> {
  if (backend === 'embedded') return { name: 'embedded', why: 'asked for by STRESS_BACKEND' }
  if (backend === 'started')
    throw new MailstormError(
      'BACKEND',
      'Failed to boot the mail proxy: STRESS_BACKEND=started is for the SMTP scenarios.',
      'Name a proxy that runs by PROXY_URL, or use STRESS_BACKEND=embedded or docker.',
    )
  const asked = backend === 'docker'
  try {
    const engine = await Engine.connect()
    const images = [containers.postgresImage]
    if (containers.sink === 'mailhog') images.push(containers.mailhogImage)
    const withinMs = asked ? IMAGE_WITHIN_MS : AUTO_IMAGE_WITHIN_MS
    for (const image of images) await haveImage(engine.client, { image, withinMs, note: console.info })
    const why = asked ? 'asked for by STRESS_BACKEND' : 'the default where an engine answers'
    return { name: 'docker', why: `${why}; ${engine.title}` }
  } catch (error) {
    if (asked || !(error instanceof MailstormError)) throw error
    const [reason = ''] = error.message.split('\n')
    const why = reason.replace(/^Failed to/, 'could not').replace(/\.$/, '')
    return { name: 'embedded', why: `the default without containers: ${why}` }
  }
}

async function newDatabase(serverUrl: string): Promise<string> {
  const name = `run_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}
