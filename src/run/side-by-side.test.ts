import { expect, it } from 'vitest'
import type { Result } from '../engine/result.ts'
import { burstResult } from '../report/result.fixture.ts'
import { SCALING_TABLE, sideBySide, TLS_TABLE } from './side-by-side.ts'

function resultOf(part: string, changes: Partial<Result['metrics']>, servers = 1): Result {
  const { metrics, servers: names } = burstResult()
  return burstResult({ part, servers: names.slice(0, servers), metrics: { ...metrics, ...changes } })
}

it('scaling: efficiency is throughput per server against one server’s', () => {
  const runs = [
    resultOf('1-server', { throughput: 400 }, 1),
    resultOf('3-servers', { throughput: 900 }, 3),
    resultOf('5-servers', { throughput: 1_000 }, 5),
  ]
  const { columns, rows } = sideBySide(runs, SCALING_TABLE)
  const at = columns.findIndex(({ name }) => name === 'efficiency per server')
  expect(columns[at]?.unit).toBe('share')
  expect(rows.map(({ label, values }) => [label, values[at]])).toEqual([
    ['1-server', 1],
    ['3-servers', 0.75],
    ['5-servers', 0.5],
  ])
})

it('tls: handshakes per second, and what a message costs more; nothing where there was none', () => {
  const service = burstResult().metrics.service_time_ms
  const tls = { ...service, count: 500, p50: 12 }
  const runs = [
    resultOf('plain', { service_time_ms: { ...service, avg: 2 }, phases_ms: {} }),
    resultOf('starttls', {
      service_time_ms: { ...service, avg: 17 },
      phases_ms: { tls },
      duration_seconds: 10,
    }),
  ]
  const { columns, rows } = sideBySide(runs, TLS_TABLE)
  const figures = ['handshakes', 'handshake p50', 'cost per message'].map((wanted) => {
    const at = columns.findIndex(({ name }) => name === wanted)
    return rows.map(({ values }) => values[at])
  })
  expect(figures).toEqual([
    [null, 50],
    [null, 12],
    [0, 15],
  ])
})
