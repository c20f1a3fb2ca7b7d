import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { ContainerHandle } from './dockerode.ts'
import { Stats, type StatsLine, usageBetween } from './stats.ts'

interface Reading {
  readonly second: number
  readonly cpuMs: number
  readonly receivedBytes?: number
}

function lineOf({ second, cpuMs, receivedBytes = 0 }: Reading): StatsLine {
  return {
    read: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
    cpu_stats: { cpu_usage: { total_usage: cpuMs * 1e6 } },
    memory_stats: { usage: 5_000, stats: { total_inactive_file: 1_000 } },
    networks: {
      eth0: { rx_bytes: receivedBytes, tx_bytes: 10 * second },
      eth1: { rx_bytes: 0, tx_bytes: second },
    },
  }
}

test('counts CPU in percent of one core, over the time between the readings', () => {
  const usage = usageBetween(lineOf({ second: 1, cpuMs: 100 }), lineOf({ second: 3, cpuMs: 3_100 }))
  expect(usage.cpuPercent).toBe(150)
})

test('adds up all its networks', () => {
  const before = lineOf({ second: 1, cpuMs: 0, receivedBytes: 500 })
  expect(usageBetween(before, lineOf({ second: 2, cpuMs: 0, receivedBytes: 800 }))).toMatchObject({
    receivedBytes: 300,
    sentBytes: 11,
  })
})

test.for([
  ['cgroup v1', { total_inactive_file: 1_000 }, 4_000],
  ['cgroup v2', { inactive_file: 1_500 }, 3_500],
  ['no details', undefined, 5_000],
] as const)('takes the file cache off the memory: %s', ([_what, stats, memoryBytes]) => {
  const line = { ...lineOf({ second: 1, cpuMs: 0 }), memory_stats: { usage: 5_000, ...(stats && { stats }) } }
  expect(usageBetween(undefined, line).memoryBytes).toBe(memoryBytes)
})

test('knows no rates after the first line, nor after a restart', () => {
  const first = lineOf({ second: 1, cpuMs: 900, receivedBytes: 9 })
  expect(usageBetween(undefined, first)).toMatchObject({ cpuPercent: 0, receivedBytes: 0 })
  const restarted = lineOf({ second: 2, cpuMs: 3, receivedBytes: 1 })
  expect(usageBetween(first, restarted)).toMatchObject({ cpuPercent: 0, receivedBytes: 0 })
})

test('a reading takes the first line that comes after it was asked for', async () => {
  const { stats, tell } = engine()
  const first = stats.usage()
  await tell({ second: 1, cpuMs: 0 })
  expect(await first).toMatchObject({ cpuPercent: 0 })
  await tell({ second: 2, cpuMs: 100 })
  const second = stats.usage()
  await tell({ second: 3, cpuMs: 1_000 })
  expect(await second).toMatchObject({ cpuPercent: 50 })
})

test('there is no reading once the stream is over, nor of a container that has ended', async () => {
  const { stats, tell, end } = engine()
  const first = stats.usage()
  await tell({ second: 1, cpuMs: 0 })
  await first
  const ended = stats.usage()
  await tell({ second: 0, cpuMs: 0 }, '0001-01-01T00:00:00Z')
  expect(await ended).toBeUndefined()
  const over = stats.usage()
  end()
  expect(await over).toBeUndefined()
})

test('an engine that fails within a line ends the readings, and nothing else', async () => {
  const { stats, tell, failWithin } = engine()
  const first = stats.usage()
  await tell({ second: 1, cpuMs: 0 })
  await first
  const over = stats.usage()
  failWithin('{"read":"2026-')
  expect(await over).toBeUndefined()
})

test('there is no reading when the engine refuses', async () => {
  const handle = { stats: () => Promise.reject(new Error('no such container')) }
  expect(await new Stats(handle as unknown as ContainerHandle).usage()).toBeUndefined()
})

function engine() {
  const stream = new PassThrough()
  const handle = { stats: () => Promise.resolve(stream) } as unknown as ContainerHandle
  return {
    stats: new Stats(handle),
    async tell(reading: Reading, read?: string) {
      const line = { ...lineOf(reading), ...(read === undefined ? {} : { read }) }
      // The reader must be waiting before the line comes.
      await new Promise((resolve) => setImmediate(resolve))
      stream.write(`${JSON.stringify(line)}\n`)
      await new Promise((resolve) => setImmediate(resolve))
    },
    end: () => stream.destroy(),
    failWithin(line: string) {
      stream.write(line)
      stream.destroy(new Error('socket hang up'))
    },
  }
}
