import { describe, expect, it } from 'vitest'
import { runLoad } from '../../src/engine.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { GreylistingServer } from '../servers/greylisting-server.ts'
import { reset, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

const numberOf = (id: string) => Number(id.slice(id.lastIndexOf('-') + 1))
const BURST = { executor: 'shared-iterations', messages: 60, workers: 3, size: 'small' } as const
const RATE = {
  executor: 'constant-arrival-rate',
  rate: 60,
  durationSeconds: 1,
  workers: 3,
  size: 'small',
} as const

describe.each([
  ['closed', BURST],
  ['open', RATE],
] as const)('a greylisting server, in the %s model', (_model, load) => {
  it.each(PIPELINING_LEVELS.filter((level) => level !== 'chunks'))(
    'at level %s: each message is told once, its first attempt apart',
    async (pipelining) => {
      // Every third message is taken at once, every third at the second attempt, every third at the third.
      await using server = await GreylistingServer.start({ deferrals: (id) => numberOf(id) % 3 })
      const result = await runLoad({
        ...load,
        ...{ targets: [server.address], pipelining, pipeliningTrial: false },
        ...{ retries: 3, retryDelaySeconds: [0.05, 0.1] },
      })
      expect(result.status).toBe('complete')
      expect(result.metrics).toMatchObject({
        total_messages: 60,
        successful_messages: 60,
        success_rate: 1,
        response_time_ms: { count: 60 },
        service_time_ms: { count: 120 },
      })
      expect(result.metrics.outcomes).toMatchObject({ accepted: 60, deferred: 0, failed: 0, dropped: 0 })
      expect(result.failures).toEqual([])
      expect(result.retries).toMatchObject({
        delays_seconds: [0.05, 0.1, 0.1],
        attempts: 60,
        first_attempt: { accepted: 20, deferred: 40, rejected: 0, failed: 0, success_rate: 1 / 3 },
        accepted_by: [20, 20, 0],
        cut_off: 0,
        failures: [{ outcome: 'deferred', code: 451, count: 60 }],
      })
      const sum = (of: 'started' | 'accepted' | 'deferred') =>
        result.timeline.reduce((total, row) => total + row[of], 0)
      expect([sum('started'), sum('accepted'), sum('deferred')]).toEqual([60, 60, 0])
      expect(result.timeline.at(-1)).toMatchObject({ in_flight: 0, queued: 0 })
      expect(result.ledger.acknowledged).toBe(60)
      expect([...server.came].map(([id, times]) => times - (numberOf(id) % 3))).toEqual(Array(60).fill(1))
      // Never before its time; the response time of a message has its waits in it.
      for (const times of server.timesMs.values())
        for (const [at, time] of times.entries())
          expect(time - (times[at - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(at === 2 ? 95 : 45)
      expect(result.metrics.response_time_ms.max).toBeGreaterThan(145)
    },
  )

  it('a message that is deferred to the end is deferred once, after all its attempts', async () => {
    await using server = await GreylistingServer.start({ deferrals: () => 100 })
    const result = await runLoad({
      ...load,
      ...{ targets: [server.address], retries: 2, retryDelaySeconds: 0.02 },
    })
    expect(result.metrics.outcomes).toMatchObject({ accepted: 0, deferred: 60 })
    expect(result.failures).toMatchObject([{ code: 451, count: 60 }])
    expect(result.retries).toMatchObject({ attempts: 120, accepted_by: [0, 0], cut_off: 0 })
    expect([...server.came.values()]).toEqual(Array(60).fill(3))
  })
})

it('what does not fit into the drain ends by its last attempt at once, and is told', async () => {
  await using server = await GreylistingServer.start({ deferrals: () => 1 })
  const result = await runLoad({
    ...RATE,
    ...{ targets: [server.address], retries: 1, retryDelaySeconds: 30, drainSeconds: 1 },
  })
  expect(result.status).toBe('complete')
  expect(result.metrics.outcomes).toMatchObject({ accepted: 0, deferred: 60 })
  expect(result.retries).toMatchObject({ attempts: 0, first_attempt: { deferred: 60 }, cut_off: 60 })
  expect(result.metrics.duration_seconds).toBeLessThan(2)
})

it('what still waits when the run is ended counts as deferred, not as never begun', async () => {
  await using server = await GreylistingServer.start({ deferrals: () => 1 })
  const ending = new AbortController()
  const result = await runLoad({
    ...BURST,
    ...{ targets: [server.address], retries: 1, retryDelaySeconds: 30, signal: ending.signal },
    onProgress: () => ending.abort(),
  })
  expect(result.status).toBe('partial')
  expect(result.metrics.outcomes).toMatchObject({ accepted: 0, deferred: 60, not_reached: 0 })
  expect(result.retries).toMatchObject({ attempts: 0, cut_off: 60 })
})

it('the same id comes again, so that a server that kept what it deferred has it twice', async () => {
  await using server = await GreylistingServer.start({
    deferrals: (id) => (numberOf(id) < 10 ? 1 : 0),
    keepsDeferred: true,
  })
  await runLoad({ ...BURST, targets: [server.address], retries: 1, retryDelaySeconds: 0.02 })
  expect([...server.kept.values()].filter((times) => times === 2)).toHaveLength(10)
  expect(server.kept.size).toBe(60)
})

it('a connection that breaks is tried again, a 5yz and a wrong password are not', async () => {
  const retrying = { executor: 'shared-iterations', messages: 4, workers: 1, size: 'small' } as const
  const again = { retries: 2, retryDelaySeconds: 0.02 }
  // The first session only looks for the greeting.
  await using broken = await ScriptedServer.start({ mail: { first: [[reset], [reset]] } })
  const taken = await runLoad({ ...retrying, ...again, targets: [`127.0.0.1:${broken.port}`] })
  expect(taken.metrics.outcomes).toMatchObject({ accepted: 4, failed: 0 })
  expect(taken.retries).toMatchObject({ attempts: 2, first_attempt: { failed: 2 }, accepted_by: [2, 0] })
  await using refusing = await ScriptedServer.start({ mail: [say('550 5.7.1 no')] })
  const refused = await runLoad({ ...retrying, ...again, targets: [`127.0.0.1:${refusing.port}`] })
  expect(refused.metrics.outcomes).toMatchObject({ rejected: 4 })
  expect(refused.retries).toMatchObject({ attempts: 0, cut_off: 0 })
})
