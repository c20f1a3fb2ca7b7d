// @module-tag long

import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Engine } from '../../containers/docker/engine.ts'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { smtpServerImage } from '../../containers/smtp-server.ts'
import { accountedFor, stress } from '../e2e/stress.ts'
import type { Step } from '../vitest-child.ts'
import { dockerEnvironment, inEngineOf, killService, whyNoDocker } from './engine.ts'

const { NODE_IMAGE: nodeImage = NODE_IMAGE } = process.env
const skipAll = await whyNoDocker(nodeImage)
const LIMIT_MS = 90_000
const dockerTest = (title: string, body: () => Promise<void>) =>
  skipAll === undefined ? test(title, body, LIMIT_MS) : test(title, (context) => context.skip(skipAll))

async function inDocker(name: string, env: NodeJS.ProcessEnv, steps: readonly Step[] = []) {
  let pid: number | undefined
  const banner: Step = {
    text: 'RUN',
    act: (child) => {
      pid = child.pid
    },
  }
  const docker = { ...dockerEnvironment(), STRESS_BACKEND: 'docker' }
  const run = await stress(name, { ...docker, ...env }, [banner, ...steps])
  return { ...run, pid }
}

/** As soon as messages flow. */
function whileSending(act: (pid: number) => void): Step {
  return { text: 'p99', act: ({ pid }) => act(pid ?? Number.NaN) }
}

dockerTest('quick: five containers, verified like processes of this machine, nothing left', async () => {
  const run = await inDocker('quick', {})
  expect(run.output).toContain('[PASSED] quick')
  expect(run.exitCode).toBe(0)
  const { result } = run
  if (result === undefined) throw new Error('no result')
  expect(result.backend).toMatchObject({ name: 'docker', why: expect.stringContaining('asked for') })
  expect(result.metrics).toMatchObject({ total_messages: 100, successful_messages: 100 })
  expect(result.ledger).toMatchObject({ verified: true, received: 100, lost: 0, duplicated: 0 })
  expect(result.per_server.filter(({ accepted }) => accepted > 0)).toHaveLength(5)
  const usage = Object.values(result.resource_usage)
  expect(usage).toHaveLength(5)
  for (const { memory_bytes: memory, network } of usage) {
    expect(memory.min).toBeGreaterThan(10 * 1024 ** 2)
    expect(network?.received_bytes).toBeGreaterThan(1024)
  }
  expect(await inEngineOf(run.pid)).toEqual([])
})

dockerTest('gives the same result, field by field, as processes of this machine do', async () => {
  const load = { STRESS_MESSAGES: '200', SMTP_SERVERS: '2', STRESS_SIZE: 'small' }
  const docker = await inDocker('custom', load)
  const embedded = await stress('custom', { ...load, STRESS_BACKEND: 'embedded' })
  expect(docker.result?.backend.name).toBe('docker')
  expect(embedded.result?.backend.name).toBe('embedded')
  expect(Object.keys(docker.result ?? {})).toEqual(Object.keys(embedded.result ?? {}))
  expect(docker.result?.ledger).toEqual(embedded.result?.ledger)
})

dockerTest('STARTTLS and AUTH work against the containers, whose certificate is verified', async () => {
  const run = await inDocker('custom', {
    STRESS_MESSAGES: '60',
    STRESS_TLS: 'starttls',
    STRESS_AUTH_USER: 'tester',
    STRESS_AUTH_PASS: 'secret-phrase',
    SMTP_SERVERS: '2',
  })
  expect(run.output).toContain('[PASSED] custom')
  expect(JSON.stringify(run.result)).not.toContain('secret-phrase')
})

dockerTest(
  'a container killed in the middle of a burst is named, and nothing acknowledged is lost',
  async () => {
    const kill = whileSending((pid) => void killService('smtp-server-2', pid))
    const run = await inDocker(
      'custom',
      { STRESS_MESSAGES: '40000', STRESS_WORKERS: '20', SMTP_SERVERS: '3' },
      [kill],
    )
    expect(run.exitCode).toBe(1)
    const { result } = run
    if (result === undefined) throw new Error(`no result: ${run.output}`)
    expect(result.status).toBe('partial')
    expect(result.partial_reason).toMatch(/^smtp-server-2: killed by SIGKILL at [\d.]+ s$/)
    expect(accountedFor(result)).toBe(true)
    const [dead] = result.per_server.filter(({ ended }) => ended !== undefined)
    expect(dead?.name).toBe('smtp-server-2')
    expect(dead?.failed).toBeGreaterThan(0)
    expect(dead?.failed).toBe(result.metrics.outcomes.failed)
    for (const failure of result.failures) {
      expect(['connection_reset', 'connection_closed', 'connection_refused']).toContain(failure.class)
    }
    expect(result.ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0, corrupted: 0 })
    expect(dead?.accepted).toBeGreaterThan(0)
    expect(await inEngineOf(run.pid)).toEqual([])
  },
)

dockerTest('Ctrl-C writes the partial result, exits with 130 and leaves nothing in the engine', async () => {
  let before: string[] = []
  const interrupt = whileSending((pid) => {
    void inEngineOf(pid).then((found) => {
      before = found
      process.kill(pid, 'SIGINT')
    })
  })
  const run = await inDocker('sustained', { SMTP_SERVERS: '2' }, [interrupt])
  expect(run.exitCode).toBe(130)
  expect(before).toEqual(['network', 'smtp-server-1', 'smtp-server-2'])
  expect(await inEngineOf(run.pid)).toEqual([])
  expect(run.result).toMatchObject({ status: 'partial', partial_reason: 'interrupted' })
  expect(run.result?.ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0 })
})

dockerTest('a run that misses its threshold leaves nothing in the engine', async () => {
  const run = await inDocker('custom', {
    STRESS_MESSAGES: '20',
    SMTP_SERVERS: '1',
    STRESS_THRESHOLDS: 'p(99)<0.001',
  })
  expect(run.exitCode).toBe(1)
  expect(run.result?.verdict).toBe('FAILED')
  expect(await inEngineOf(run.pid)).toEqual([])
})

dockerTest('a port that is taken is one message, and the other servers are gone', async () => {
  // Of two consecutive ports the second is taken.
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const run = await inDocker('quick', { SMTP_SERVERS: '2', SMTP_PORT: String(port - 1) })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(`Failed to start smtp-server-2: port 127.0.0.1:${port} is taken`)
  expect(run.output).not.toMatch(/\n\s+at /)
  expect(run.result).toBeUndefined()
  expect(await inEngineOf(run.pid)).toEqual([])
})

dockerTest("somebody else's image is sent to and measured, and not verified, with the reason", async () => {
  const image = await smtpServerImage(await Engine.connect(), { nodeImage })
  const run = await inDocker('custom', {
    STRESS_MESSAGES: '50',
    SMTP_SERVERS: '2',
    SMTP_IMAGE: image,
    SMTP_IMAGE_PORT: '2600',
    SMTP_IMAGE_ENV: 'SMTP_PORT=2600,SMTP_DOMAIN=foreign.test',
  })
  expect(run.result?.metrics.successful_messages).toBe(50)
  expect(run.result?.backend.name).toBe('docker')
  expect(run.result?.ledger).toMatchObject({ verified: false })
  expect(run.result?.ledger.why_not).toContain(
    `${image} is not one of mailstorm's servers and keeps no ledger`,
  )
  expect(Object.keys(run.result?.resource_usage ?? {})).toHaveLength(2)
  expect(await inEngineOf(run.pid)).toEqual([])
})

dockerTest('an image that cannot be had is one message with what to do, soon', async () => {
  const run = await inDocker('quick', { SMTP_IMAGE: 'registry.invalid/nobody/nothing:1' })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(
    /Failed to get the container image registry\.invalid\/nobody\/nothing:1: its registry cannot be reached\.\n.*STRESS_BACKEND=embedded/,
  )
  expect(run.output).not.toMatch(/\n\s+at /)
})
