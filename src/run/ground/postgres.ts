import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { embeddedPostgres, type RunningPostgres } from '../../../containers/postgres/postgres.ts'
import { MailstormError } from '../../error.ts'
import type { Options } from '../../options/options.ts'
import { ASKED_FOR, type ChosenBackend, chooseBackend } from './servers.ts'

/** Shared by pressure runs: how services boot, and one PostgreSQL. */
export interface PressureBackend extends ChosenBackend, AsyncDisposable {
  readonly postgres: RunningPostgres
  /** Creates a database for one run; resolves with its URL. */
  newDatabase(): Promise<string>
}

export async function startPressureBackend(options: Options): Promise<PressureBackend> {
  const choice = await choose(options)
  console.info(`Backend: ${choice.name} (${choice.why})`)
  const postgres = await (await postgresOf(choice.name, options)).start()
  return {
    ...choice,
    postgres,
    newDatabase: () => newDatabase(postgres.url),
    [Symbol.asyncDispose]: () => postgres.stop(),
  }
}

async function choose({ backend, containers }: Options): Promise<ChosenBackend> {
  if (backend === 'embedded') return { name: 'embedded', why: ASKED_FOR }
  if (backend === 'started')
    throw new MailstormError(
      'BACKEND',
      'Failed to boot the mail proxy: STRESS_BACKEND=started is for the SMTP scenarios.',
      'Point PROXY_URL at a running proxy, or use STRESS_BACKEND=embedded or docker.',
    )
  return chooseBackend({
    docker: backend === 'docker' ? ASKED_FOR : undefined,
    packages: ['@testcontainers/postgresql'],
    async images(engine, withinMs) {
      const { haveImage } = await import('../../../containers/docker/image.ts')
      const images = [containers.postgresImage]
      if (containers.sink === 'mailhog') images.push(containers.mailhogImage)
      for (const image of images) await haveImage(engine.client, { image, withinMs, note: console.info })
    },
  })
}

async function postgresOf(backend: ChosenBackend['name'], { containers }: Options) {
  if (backend === 'embedded') return embeddedPostgres()
  const { dockerPostgres } = await import('../../../containers/postgres/docker.ts')
  return dockerPostgres({ image: containers.postgresImage })
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
