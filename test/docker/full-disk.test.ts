// @module-tag long

import { execFileSync } from 'node:child_process'
import { statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type ContainerPlan, startContainer } from '../../containers/docker/container.ts'
import { Engine } from '../../containers/docker/engine.ts'
import { inEngineOf } from './engine.ts'
import { SmallEngine } from './small-engine.ts'

const skip = whyNot()
const IMAGE = 'mailstorm-test/empty:1'
const FULL =
  /^Failed to start thing-1: the disk of the container engine is full: make room there \(docker system prune\)\./

test('a full disk of the engine is one message, before a network is there and after', async (context) => {
  if (skip !== undefined) return context.skip(skip)
  await using small = await SmallEngine.start({ diskMegabytes: 24 })
  // This file has a process of its own, so nobody else gets this engine.
  process.env.DOCKER_HOST = small.address
  // In a container Testcontainers would look for the engine's host at its bridge, and this one has none.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1'
  const engine = await Engine.connect()
  const [repo, tag] = IMAGE.split(':')
  await engine.docker.importImage(Readable.from(Buffer.alloc(1024)) as never, { repo, tag })

  fill(small.dataFolder)
  await expect(startContainer(engine, plan())).rejects.toThrow(FULL)
  expect(await inEngineOf(process.pid)).toEqual([])

  makeRoom(small.dataFolder)
  await engine.network.join(await engine.prepare(() => {}))
  fill(small.dataFolder)
  await expect(startContainer(engine, plan())).rejects.toThrow(FULL)
  expect(await inEngineOf(process.pid)).toEqual(['network'])

  makeRoom(small.dataFolder)
  await engine.network.leave()
  expect(await inEngineOf(process.pid)).toEqual([])
}, 60_000)

function plan(): ContainerPlan {
  return {
    name: 'thing-1',
    image: IMAGE,
    ports: {},
    environment: {},
    command: ['anything'],
    limits: { cpus: 1, memoryBytes: 64 * 1024 ** 2 },
    readyWithinMs: 5_000,
    note: () => {},
    ready: async () => {},
  }
}

function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'filling'), Buffer.alloc(bavail * bsize))
}

function makeRoom(folder: string): void {
  truncateSync(join(folder, 'filling'))
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'an engine with a small disk needs root on Linux'
  }
  try {
    execFileSync('unshare', ['--net', 'dockerd', '--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'an engine with a small disk needs dockerd and unshare --net'
  }
}
