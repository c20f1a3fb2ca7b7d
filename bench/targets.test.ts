import { expect, it } from 'vitest'
import type { ClientName } from './clients/list.ts'
import { type Row, rowOf } from './rounds.ts'
import { beyondBar, ratiosOf, type Target } from './targets.ts'

/** A row of one second and 1,000 CPU seconds per thousand messages a round, scaled. */
function row(client: ClientName, rates: readonly number[], cpuPerThousand = 1): Row {
  const runs = rates.map((messages) => ({
    messages,
    seconds: 1,
    cpuSeconds: (cpuPerThousand * messages) / 1_000,
  }))
  return rowOf(client, runs)
}

const rows = [row('commands', [300], 2), row('smtp-source -d', [200], 4)]
const target = { ours: 'commands', theirs: 'smtp-source -d' } as const

function judged(figure: Target['figure'], limit: number) {
  return ratiosOf(rows, 1_024, [{ ...target, figure, bySize: { 1024: limit } }])
}

it('meets a target on the rate at the limit and falls short below it', () => {
  const name = 'commands / smtp-source -d, messages/s'
  const ratio = { median: 1.5, min: 1.5, max: 1.5 }
  expect(judged('rate', 1.5)).toEqual([{ name, ratio, target: '≥ 1.5', verdict: 'ok' }])
  expect(judged('rate', 1.6)).toEqual([{ name, ratio, target: '≥ 1.6', verdict: 'short' }])
})

it('meets a target on CPU at the limit and falls short above it', () => {
  const name = 'commands / smtp-source -d, client CPU per message'
  const ratio = { median: 0.5, min: 0.5, max: 0.5 }
  expect(judged('cpu', 0.5)).toEqual([{ name, ratio, target: '≤ 0.5', verdict: 'ok' }])
  expect(judged('cpu', 0.4)).toEqual([{ name, ratio, target: '≤ 0.4', verdict: 'short' }])
})

it('compares the runs of one round, so that a slow machine in one round does not count', () => {
  const noisy = [row('commands', [400, 30, 500]), row('smtp-source -d', [200, 15, 100])]
  const [ratio] = ratiosOf(noisy, 1_024, [{ ...target, figure: 'rate', bySize: {} }])
  expect(ratio?.ratio).toEqual({ median: 2, min: 2, max: 5 })
})

it('leaves out ratios to clients that did not run', () => {
  expect(ratiosOf(rows.slice(0, 1), 1_024)).toEqual([])
})

it('has no verdict for a size without a target', () => {
  const [first] = ratiosOf(rows, 5_000, [{ ...target, figure: 'rate', bySize: { 1024: 1 } }])
  expect(first?.verdict).toBe('no target')
})

it('names the shapes that take more CPU per message than the bar allows beside the bare script', () => {
  const measured = [
    row('commands', [100], 3),
    row('floor commands', [100], 2),
    row('transactions', [100], 3.2),
    row('floor transactions', [100], 2),
  ]
  expect(beyondBar(measured, 1.6)).toEqual([])
  expect(beyondBar(measured, 1.5)).toEqual([
    'transactions / floor transactions, client CPU per message: 1.60, allowed is 1.5',
  ])
})
