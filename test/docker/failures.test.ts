// @module-tag long

import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import {
  type ContainerPlan,
  type RunningContainer,
  startContainer,
} from '../../containers/docker/container.ts'
import { Engine } from '../../containers/docker/engine.ts'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { awaitBanner } from '../../containers/smtp-banner.ts'
import { inEngineOf, whyNoDocker } from './engine.ts'

const { NODE_IMAGE: image = NODE_IMAGE } = process.env
const skipAll = await whyNoDocker(image)
const dockerTest = (title: string, body: () => Promise<void>) =>
  skipAll === undefined ? test(title, body) : test(title, (context) => context.skip(skipAll))

const PORT = 2525
const MEGABYTE = 1024 ** 2
const STAY = 'setInterval(() => {}, 1e6)'
const GREET = `require('net').createServer((s) => s.end('220 hello\\r\\n')).listen(${PORT})`
const HOG = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))'

/** A container that runs JavaScript. */
async function start(source: string, options: Partial<ContainerPlan> = {}): Promise<RunningContainer> {
  const container = await startContainer(await Engine.connect(), {
    name: 'thing-1',
    image,
    ports: { [PORT]: 0 },
    environment: {},
    command: ['node', '-e', source],
    limits: { cpus: 2, memoryBytes: 256 * MEGABYTE },
    readyWithinMs: 10_000,
    note: () => {},
    ready: (thing, signal) => awaitBanner(thing.host, thing.port(PORT), signal),
    ...options,
  })
  onTestFinished(() => container.stop())
  return container
}

afterEach(async () => {
  if (skipAll === undefined) expect(await inEngineOf(process.pid)).toEqual([])
})

dockerTest('a container that exits at once is one message with the last 50 lines of its log', async () => {
  const failure = start(`for (let n = 1; n <= 60; n++) console.error('line ' + n); process.exitCode = 3`)
  const lines = Array.from({ length: 50 }, (_, n) => `line ${n + 11}`).join('\n')
  await expect(failure).rejects.toMatchObject({
    code: 'SERVICE_START',
    message: `Failed to start thing-1: it exited with code 3.\nThe end of its log:\n${lines}`,
  })
})

dockerTest('a program that is not there is one message that names it', async () => {
  await expect(start('', { command: ['no-such-program'] })).rejects.toThrow(
    /^Failed to start thing-1: .*no-such-program.*\nIt wrote no log\.$/,
  )
})

dockerTest('a container that never becomes ready ends in its time, with the end of its log', async () => {
  const startedMs = performance.now()
  await expect(start(`console.log('up, but deaf'); ${STAY}`, { readyWithinMs: 1_500 })).rejects.toThrow(
    'Failed to start thing-1: it was not ready within 1500 ms.\nThe end of its log:\nup, but deaf',
  )
  expect(performance.now() - startedMs).toBeLessThan(8_000)
})

dockerTest('a taken port is named, with what to do', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  await expect(start(GREET, { ports: { [PORT]: port } })).rejects.toThrow(
    `Failed to start thing-1: port 127.0.0.1:${port} is taken: stop what listens there, or choose another port`,
  )
})

dockerTest('an image that cannot be had is named, with what to do', async () => {
  const startedMs = performance.now()
  await expect(start(GREET, { image: 'registry.invalid/mailstorm/none:1' })).rejects.toMatchObject({
    code: 'IMAGE',
    message: expect.stringMatching(
      /^Failed to get the container image registry\.invalid\/mailstorm\/none:1: its registry cannot be reached\.\n.*docker pull/,
    ),
  })
  expect(performance.now() - startedMs).toBeLessThan(10_000)
})

dockerTest('a full disk within the container is its own last words', async () => {
  const fill = `require('fs').writeFileSync('/dev/shm/x', Buffer.alloc(70 * ${MEGABYTE}))`
  await expect(start(fill)).rejects.toThrow(/^Failed to start thing-1: it exited with code 1\.[\s\S]*ENOSPC/)
})

dockerTest('a container that outgrows its memory says so', async () => {
  const thing = await start(`${GREET}; setTimeout(() => { ${HOG} }, 500)`, {
    limits: { cpus: 2, memoryBytes: 64 * MEGABYTE },
  })
  expect(await thing.ended).toMatchObject({ by: 'killed for memory (OOM)' })
  await thing.stop()
})

dockerTest('a process killed for memory is counted though its container lives on', async () => {
  const child = `require('child_process').spawnSync('node', ['-e', '${HOG}'])`
  const thing = await start(`${child}; ${GREET}`, { limits: { cpus: 2, memoryBytes: 64 * MEGABYTE } })
  await expect.poll(() => thing.outOfMemory, { timeout: 30_000 }).toBe(1)
  expect(thing.endedBy).toBeUndefined()
  await thing.stop()
})

dockerTest('a container that is restarted from outside has ended by that', async () => {
  const thing = await start(`process.on('SIGTERM', () => process.exit(0)); ${GREET}`)
  await thing.handle.restart()
  expect(await thing.ended).toMatchObject({ by: 'restarted from outside (it exited with code 0)' })
  await thing.stop()
})

dockerTest('a container that is removed from outside has ended, and can be stopped', async () => {
  const thing = await start(GREET)
  await thing.handle.remove({ force: true })
  expect(await thing.ended).toMatchObject({ by: 'killed by SIGKILL' })
  expect(await thing.logTail(5)).toEqual([])
  await thing.stop()
})

dockerTest('has the limits it was given, a capped log, and ports on loopback alone', async () => {
  const thing = await start(GREET, { limits: { cpus: 999, memoryBytes: 128 * MEGABYTE }, hostname: 'a.test' })
  const { HostConfig, NetworkSettings, Config } = await thing.handle.inspect()
  const { cpus } = await Engine.connect()
  expect(HostConfig).toMatchObject({
    NanoCpus: cpus * 1e9,
    Memory: 128 * MEGABYTE,
    MemorySwap: 128 * MEGABYTE,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
  })
  expect(Config.Hostname).toBe('a.test')
  expect(NetworkSettings.Ports[`${PORT}/tcp`]).toEqual([
    { HostIp: '127.0.0.1', HostPort: String(thing.port(PORT)) },
  ])
  const [network] = Object.values(NetworkSettings.Networks)
  expect(network?.Aliases).toContain('thing-1')
  await thing.stop()
})
