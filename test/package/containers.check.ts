import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execute, latestResult, PNPM_PACKAGE, pack, pnpmIn, Repository, withServices } from './repository.ts'

// The images are put together out of what is installed: under pnpm nothing lies where npm puts it.

const ENGINE = ['NODE_IMAGE', 'TESTCONTAINERS_HOST_OVERRIDE', 'TESTCONTAINERS_RYUK_DISABLED', 'DOCKER_HOST']
const engine = Object.fromEntries(
  ENGINE.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
)
const isThere = (await execute(tmpdir(), ['docker', 'version']).catch(() => undefined))?.exitCode === 0

let folder: string
let tarball: string
let tools: Repository

beforeAll(async () => {
  if (!isThere) return
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-tarball-'))
  tarball = await pack(folder)
  tools = new Repository({})
  await tools.run(['npm', 'install', '--no-audit', '--no-fund', PNPM_PACKAGE])
})

afterAll(() => {
  if (!isThere) return
  tools[Symbol.dispose]()
  rmSync(folder, { recursive: true, force: true })
})

test.skipIf(!isThere)(
  'installed by pnpm: a server and a sink in containers, from images built of the package',
  async () => {
    using repository = new Repository({ type: 'module' })
    const pnpm = pnpmIn(tools)
    await repository.run([
      ...pnpm,
      'add',
      '--save-dev',
      '--ignore-scripts',
      tarball,
      'vitest',
      'testcontainers@^12.2.0',
    ])
    await repository.run([...pnpm, 'exec', 'mailstorm', 'init'])
    const env = { ...engine, STRESS_BACKEND: 'docker', SINK: 'mailstorm', SMTP_SERVERS: '1' }
    const start = [...pnpm, 'exec', 'mailstorm', 'start', '--mailhog']
    const quick = [...pnpm, 'exec', 'vitest', 'run', '--config', 'vitest.stress.config.ts', '-t', '^quick']
    await withServices(
      repository,
      start,
      async (status) => {
        expect(status).toMatch(/smtp-server-1 +running[\s\S]*mailhog +running/)
        await repository.run(quick, { env: { ...engine, STRESS_BACKEND: 'started' } })
      },
      { env },
    )
    expect(latestResult(repository)).toMatchObject({ verdict: 'PASSED', ledger: { verified: true } })
  },
)
