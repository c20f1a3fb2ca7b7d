// @module-tag long

import { LABEL_TESTCONTAINERS_SESSION_ID } from 'testcontainers'
import { expect, test } from 'vitest'
import { Engine, REAPER_IMAGE } from '../../containers/docker/engine.ts'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { dockerSmtpServer } from '../../containers/smtp-server.ts'
import { stress } from '../e2e/stress.ts'
import type { Step } from '../vitest-child.ts'
import { dockerEnvironment, inEngineOf, whyNoDocker } from './engine.ts'

const { NODE_IMAGE: nodeImage = NODE_IMAGE } = process.env
const skipAll = await whyNoDocker(nodeImage)
/** Testcontainers' own, or the stand-in that .ci/engine/images builds where no registry is reached. */
const reaperImage = await firstToBeHad(
  process.env.RYUK_CONTAINER_IMAGE || REAPER_IMAGE,
  'mailstorm-ci/ryuk:1',
)
const LIMIT_MS = 90_000

const ALL = ['network', 'smtp-server-1', 'smtp-server-2']

test('the next start removes what a killed run left, and nothing of a live one', async (context) => {
  if (skipAll !== undefined) return context.skip(skipAll)
  await using living = await dockerSmtpServer({ name: 'living', nodeImage }).start()
  const killed = await killedRun({ TESTCONTAINERS_RYUK_DISABLED: 'true' })
  expect(killed.before).toEqual(ALL)
  const next = await stress('quick', { ...dockerEnvironment(), STRESS_BACKEND: 'docker', SMTP_SERVERS: '1' })
  expect(next.exitCode).toBe(0)
  expect(await inEngineOf(killed.pid)).toEqual([])
  expect(await inEngineOf(process.pid)).toEqual(['living', 'network'])
  expect(living.endedBy).toBeUndefined()
}, 90_000)

test(
  'the reaper removes what a killed run left, and then itself',
  async (context) => {
    const reason =
      skipAll ??
      (reaperImage === undefined ? `neither ${REAPER_IMAGE} nor a stand-in is to be had` : undefined)
    if (reason !== undefined) return context.skip(reason)
    const killed = await killedRun({
      TESTCONTAINERS_RYUK_DISABLED: 'false',
      RYUK_CONTAINER_IMAGE: reaperImage,
    })
    expect(killed.before).toEqual(ALL)
    expect(killed.sessions.size).toBe(1)
    const [session = ''] = killed.sessions
    await expect.poll(() => inEngineOf(killed.pid), { timeout: 40_000, interval: 500 }).toEqual([])
    await expect.poll(() => ofSession(session), { timeout: 40_000, interval: 500 }).toEqual([])
  },
  LIMIT_MS,
)

interface KilledRun {
  readonly pid: number | undefined
  /** What it had in the engine when it was killed, and of which sessions of the reaper. */
  readonly before: readonly string[]
  readonly sessions: ReadonlySet<string>
}

/** A run that is killed with SIGKILL while it sends. */
async function killedRun(env: NodeJS.ProcessEnv): Promise<KilledRun> {
  let pid: number | undefined
  let before: string[] = []
  let sessions = new Set<string>()
  const kill: Step = {
    text: 'p99',
    act: (child) => {
      pid = child.pid
      void Promise.all([inEngineOf(pid), reaperSessions()]).then(([found, reapers]) => {
        before = found
        sessions = reapers
        child.kill('SIGKILL')
      })
    },
  }
  const docker = { ...dockerEnvironment(), STRESS_BACKEND: 'docker', SMTP_SERVERS: '2' }
  const run = await stress('sustained', { ...docker, ...env }, [kill])
  expect(run.signal).toBe('SIGKILL')
  return { pid, before, sessions }
}

async function reaperSessions(): Promise<Set<string>> {
  const { docker } = await Engine.connect()
  const reapers = await docker.listContainers({ filters: { label: ['org.testcontainers.ryuk=true'] } })
  return new Set(reapers.map(({ Labels }) => Labels[LABEL_TESTCONTAINERS_SESSION_ID] ?? ''))
}

async function ofSession(session: string): Promise<string[]> {
  const { docker } = await Engine.connect()
  const filters = { label: [`${LABEL_TESTCONTAINERS_SESSION_ID}=${session}`] }
  const containers = await docker.listContainers({ all: true, filters })
  const networks = await docker.listNetworks({ filters })
  return [...containers.map(({ Names }) => Names.join()), ...networks.map(({ Name }) => Name)]
}

async function firstToBeHad(...images: readonly string[]): Promise<string | undefined> {
  for (const image of images) if ((await whyNoDocker(image)) === undefined) return image
  return undefined
}
