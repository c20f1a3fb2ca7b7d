import { expect, it } from 'vitest'
import type { Result } from '../engine/result.ts'
import type { Figures } from '../figures/figure.ts'
import { PRESSURE_FIGURES } from '../figures/pressure.ts'
import { SMTP_FIGURES } from '../figures/smtp.ts'
import { pressureResult } from '../report/html/pressure.fixture.ts'
import { burstResult } from '../report/result.fixture.ts'
import {
  againstFirst,
  besideOthers,
  figureColumn,
  SCALING_TABLE,
  sideBySide,
  TLS_TABLE,
} from './side-by-side.ts'

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

it('against the first: a multiple of its figure, for either kind; nothing where it has none', () => {
  const sending = (perSecond: number) =>
    resultOf(`${perSecond}`, { throughput: perSecond, messages_per_second: perSecond })
  const smtp = [sending(400), sending(900)]
  const proxy = [10, 5].map((messages_per_second) => {
    const result = pressureResult()
    return { ...result, metrics: { ...result.metrics, messages_per_second } }
  })
  const ratios = <R extends Parameters<typeof sideBySide>[0][number]>(
    runs: readonly R[],
    kind: Figures<object>,
  ) =>
    sideBySide(runs, { by: 'run', columns: [againstFirst<R>(kind, 'throughput')], note: '' }).rows.map(
      ({ values }) => values[0],
    )
  expect(ratios(smtp, SMTP_FIGURES)).toEqual([1, 2.25])
  expect(ratios(proxy, PRESSURE_FIGURES)).toEqual([1, 0.5])
  expect(ratios([sending(0), ...smtp], SMTP_FIGURES)).toEqual([null, null, null])
})

it('a column of a figure has its unit, and its title unless it is given another', () => {
  expect(figureColumn(SMTP_FIGURES, 'success_rate')).toMatchObject({ name: 'success rate', unit: 'share' })
  expect(figureColumn(SMTP_FIGURES, 'p(99)', 'worst')).toMatchObject({ name: 'worst', unit: 'ms' })
  expect(() => figureColumn(PRESSURE_FIGURES, 'handshakes')).toThrow('there is no figure handshakes')
})

it('a run alone has no table', () => {
  const [alone, other] = [resultOf('a', {}), resultOf('b', {})]
  expect(besideOthers(alone, [alone], SCALING_TABLE)).toBe(alone)
  expect(besideOthers(other, [alone, other], SCALING_TABLE).side_by_side?.rows).toHaveLength(2)
})
