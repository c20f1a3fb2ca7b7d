import { expect, test } from 'vitest'
import type { Usage } from '../../containers/service.ts'
import { FakeClock } from '../engine/clock.fixture.ts'
import { ResourceSampler, summaryOf, usageDuring } from './resource-sampler.ts'

const START_MS = 5_000

/** A service whose n-th reading is the n-th of the list; afterwards it has ended. */
function service(name: string, readings: readonly (readonly [cpu: number, memory: number])[]) {
  let next = 0
  return {
    name,
    async usage(): Promise<Usage | undefined> {
      const reading = readings[next++]
      return reading && { cpuPercent: reading[0], memoryBytes: reading[1] }
    },
  }
}

test('samples at the end of every second and summarises', async () => {
  const clock = new FakeClock(START_MS)
  const sampler = new ResourceSampler(
    [
      service('smtp-server-1', [
        [99, 1],
        [10, 100],
        [30, 400],
        [20, 100],
      ]),
    ],
    clock,
  )
  await sampler.start()
  for (let second = 0; second < 3; second++) await clock.advanceTo(clock.nowMs() + 1_000)
  expect(await sampler.stop()).toEqual({
    'smtp-server-1': {
      cpu_percent: { min: 10, avg: 20, max: 30 },
      memory_bytes: { min: 100, avg: 200, max: 400 },
      samples: [
        { second: 0, cpu_percent: 10, memory_bytes: 100 },
        { second: 1, cpu_percent: 30, memory_bytes: 400 },
        { second: 2, cpu_percent: 20, memory_bytes: 100 },
      ],
    },
  })
  expect(clock.armed).toBe(0)
})

test('ends the series of a service that died, and goes on with the others', async () => {
  const clock = new FakeClock(START_MS)
  const alive = Array.from({ length: 4 }, (): [number, number] => [1, 1])
  const sampler = new ResourceSampler([service('dies', alive.slice(0, 2)), service('lives', alive)], clock)
  await sampler.start()
  for (let second = 0; second < 3; second++) await clock.advanceTo(clock.nowMs() + 1_000)
  const usage = await sampler.stop()
  expect(usage.dies?.samples.map(({ second }) => second)).toEqual([0])
  expect(usage.lives?.samples.map(({ second }) => second)).toEqual([0, 1, 2])
})

test('keeps what went over the network, in each second and in all, where it is known', async () => {
  const clock = new FakeClock(START_MS)
  const traffic = [0, 100, 50]
  const counted = {
    name: 'counted',
    usage: async () => ({ cpuPercent: 1, memoryBytes: 1, receivedBytes: traffic.shift() ?? 0, sentBytes: 7 }),
  }
  const sampler = new ResourceSampler(
    [
      counted,
      service('uncounted', [
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ],
    clock,
  )
  await sampler.start()
  for (let second = 0; second < 2; second++) await clock.advanceTo(clock.nowMs() + 1_000)
  const { counted: usage, uncounted } = await sampler.stop()
  expect(usage?.samples.map((sample) => sample.received_bytes)).toEqual([100, 50])
  expect(usage?.network).toEqual({ received_bytes: 150, sent_bytes: 14 })
  expect(uncounted).not.toHaveProperty('network')
})

test('leaves out a service that was dead from the start', async () => {
  const sampler = new ResourceSampler([service('dead', [])], new FakeClock(START_MS))
  await sampler.start()
  expect(await sampler.stop()).toEqual({})
})

test.each([
  ['samples once in a run of less than a second', 40, [0]],
  ['samples a last second of a quarter and more', 1_250, [0, 1]],
  ['leaves out a last second that is too short to measure', 1_249, [0]],
])('%s', async (_what, lengthMs, seconds) => {
  const clock = new FakeClock(START_MS)
  const readings = Array.from({ length: 5 }, (): [number, number] => [1, 1])
  const sampler = new ResourceSampler([service('one', readings)], clock)
  await sampler.start()
  if (lengthMs > 1_000) await clock.advanceTo(clock.nowMs() + 1_000)
  await clock.advanceTo(clock.nowMs() + (lengthMs % 1_000))
  const usage = await sampler.stop()
  expect(usage.one?.samples.map(({ second }) => second)).toEqual(seconds)
})

test('leaves out the seconds that a slow reading covers', async () => {
  const clock = new FakeClock(START_MS)
  let answer: (usage: Usage) => void = () => {}
  let readings = 0
  const slow = {
    name: 'slow',
    usage: () => {
      if (++readings !== 2) return Promise.resolve({ cpuPercent: 1, memoryBytes: 1 })
      return new Promise<Usage>((resolve) => {
        answer = resolve
      })
    },
  }
  const sampler = new ResourceSampler([slow], clock)
  await sampler.start()
  await clock.advanceTo(clock.nowMs() + 1_000)
  await clock.advanceTo(clock.nowMs() + 2_500)
  answer({ cpuPercent: 5, memoryBytes: 5 })
  await clock.advanceTo(clock.nowMs() + 0)
  await clock.advanceTo(clock.nowMs() + 500)
  const usage = await sampler.stop()
  expect(usage.slow?.samples.map(({ second }) => second)).toEqual([0, 3])
})

test('a load that ran in the middle of others has its own samples, on its own axis', () => {
  const samples = Array.from({ length: 60 }, (_, second) => ({
    second,
    cpu_percent: second === 30 ? 90 : 10,
    memory_bytes: 1,
  }))
  const usage = { busy: summaryOf(samples), gone: summaryOf(samples.slice(0, 5)) }
  const during = usageDuring(usage, { fromSecond: 30, seconds: 0.51 })
  expect(during).toEqual({ busy: summaryOf([{ second: 0, cpu_percent: 90, memory_bytes: 1 }]) })
})

test('a week of samples, one a second, has its summary', () => {
  const samples = Array.from({ length: 7 * 24 * 3600 }, (_, second) => ({
    second,
    cpu_percent: second % 100,
    memory_bytes: 1 + second,
  }))
  expect(summaryOf(samples)).toMatchObject({
    cpu_percent: { min: 0, avg: 49.5, max: 99 },
    memory_bytes: { min: 1, max: samples.length },
  })
})
