import { expect, test } from 'vitest'
import { missedThreshold } from '../../src/render/pressure-sentences.ts'
import { freshDatabases } from '../proxy/databases.ts'
import { flipAttachmentByte, OneFault, sinksBehind } from './faulty-relay.ts'
import { deafToDnd, ForgottenReport } from './faulty-sync.ts'
import { missedOf, pressed, SMALL } from './scene.ts'

const freshDatabase = freshDatabases()
const limit = { timeout: 90_000 }

test('finds nothing where there is nothing', limit, async () => {
  const result = await pressed(SMALL, await freshDatabase(), {
    sinks: () => sinksBehind((message) => [message]),
  })
  expect(missedOf(result)).toEqual([])
  expect(result).toMatchObject({ status: 'complete', verdict: 'PASSED', diagnosis: [] })
  expect(result.verification).toMatchObject({ handed_over: 120, delivered: 120, intact: 120, unknown: 0 })
})

test.each([
  ['drops one message', 'lost', () => []],
  ['sends one message twice', 'duplicated', (message: Buffer) => [message, message]],
  ['changes one byte of one attachment', 'corrupted', (message: Buffer) => [flipAttachmentByte(message)]],
])(
  'an SMTP server that %s makes %s==0 fail, and nothing else, with the id',
  limit,
  async (_, metric, act) => {
    const planted = new OneFault(17, act)
    const result = await pressed(SMALL, await freshDatabase(), { sinks: () => sinksBehind(planted.fault) })
    const missed = missedOf(result)
    expect(missed).toMatchObject([{ expression: `${metric}==0`, value: 1, verdict: 'fail' }])
    expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toContain(planted.id)
    expect(result.verdict).toBe('FAILED')
  },
)

test(
  'a proxy that forgets one report makes unreported==0 fail, and nothing else, with the id',
  limit,
  async () => {
    const forgotten = new ForgottenReport()
    const result = await pressed(SMALL, await freshDatabase(), { around: (late) => forgotten.around(late) })
    const missed = missedOf(result)
    expect(missed).toMatchObject([{ expression: 'unreported==0', value: 1, verdict: 'fail' }])
    expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toContain(forgotten.id)
  },
)

test(
  'a proxy that ignores DND makes disturbances==0 fail, and nothing else, with the tenant',
  limit,
  async () => {
    const sleepy = {
      profile: 'standard',
      attachmentShare: 0,
      dndShare: 0.3,
      dndSeconds: { min: 2, max: 3 },
    } as const
    const spec = { ...SMALL, durationSeconds: 8, tenants: [sleepy] }
    const result = await pressed(spec, await freshDatabase(), { around: deafToDnd })
    const missed = missedOf(result)
    expect(missed).toMatchObject([{ expression: 'disturbances==0', verdict: 'fail' }])
    expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toMatch(
      /tenant-standard: \d+ calls? inside a DND window/,
    )
    const heeding = await pressed(spec, await freshDatabase())
    expect(missedOf(heeding)).toEqual([])
    expect(heeding.metrics.dnd_periods).toBeGreaterThan(0)
  },
)
