import { expect, test } from 'vitest'
import { phaseShares, phasesBlock } from '../documents/latency.ts'
import { burstResult } from '../result.fixture.ts'
import { NOTHING } from '../result-parts.fixture.ts'

const { metrics } = burstResult()
const took = (count: number, avg: number) => ({ ...NOTHING, count, avg })

test('what happens once in a session is shared among all messages', () => {
  const shares = phaseShares({
    ...metrics,
    service_time_ms: took(1000, 12),
    phases_ms: { connect: took(50, 20), accept: took(1000, 9), tls: NOTHING },
  })
  expect(shares.map(({ name, msPerMessage }) => [name, msPerMessage])).toEqual([
    ['connect', 1],
    ['accept', 9],
  ])
})

test('a run in which nothing was sent has no phases', () => {
  const none = { ...metrics, service_time_ms: NOTHING, phases_ms: { connect: NOTHING } }
  expect(phasesBlock(none).parts).toEqual([])
})
