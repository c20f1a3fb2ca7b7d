import type { GeneratorResult, Result } from '../../engine/result.ts'
import { mergeLatencies } from './latency.ts'
import type { Share } from './share.ts'

/** All load generators as one: their work adds up, of their delays the worst stands. */
export function mergeGenerators(shares: readonly Share[]): GeneratorResult {
  const all = shares.map(({ result }) => result.generator)
  const worst = (of: (generator: GeneratorResult) => number) =>
    all.reduce((most, generator) => Math.max(most, of(generator)), 0)
  return {
    threads: all.reduce((sum, { threads }) => sum + threads, 0),
    cpu_percent: all.reduce((sum, { cpu_percent: percent }) => sum + percent, 0),
    scheduling_lag_ms: mergeLatencies(all.map(({ scheduling_lag_ms: lag }) => lag)),
    event_loop_delay_ms: {
      p50: worst(({ event_loop_delay_ms: delay }) => delay.p50),
      p99: worst(({ event_loop_delay_ms: delay }) => delay.p99),
      max: worst(({ event_loop_delay_ms: delay }) => delay.max),
    },
    bound: all.some(({ bound }) => bound),
    bound_reasons: boundReasons(shares),
  }
}

/** Each reason once, with those it holds for: `generator 0, 2: all 2 cores of this machine were busy`. */
function boundReasons(shares: readonly Share[]): string[] {
  const holders = new Map<string, number[]>()
  for (const { result, split } of shares)
    for (const reason of result.generator.bound_reasons)
      holders.set(reason, [...(holders.get(reason) ?? []), split.index])
  return [...holders].map(([reason, indexes]) => `generator ${indexes.join(', ')}: ${reason}`)
}

/** Cores and memory of several machines add up only where the machines differ: on one they are shared. */
export function mergeMachines(shares: readonly Share[]): Result['machine'] {
  const different = new Map(shares.map(({ result: { machine } }) => [JSON.stringify(machine), machine]))
  const machines = [...different.values()]
  const joined = (of: (machine: Result['machine']) => string) => [...new Set(machines.map(of))].join(' and ')
  return {
    cpu: joined(({ cpu }) => cpu),
    cores: machines.reduce((sum, { cores }) => sum + cores, 0),
    memory_bytes: machines.reduce((sum, { memory_bytes: bytes }) => sum + bytes, 0),
    os: joined(({ os }) => os),
  }
}

/** How far apart the generators started: what a merged timeline cannot be more exact than. */
export function startSkewMs(shares: readonly Share[]): number {
  return shares.reduce((most, { offsetMs }) => Math.max(most, offsetMs), 0)
}

export function missingGenerators(shares: readonly Share[]): number[] {
  const present = new Set(shares.map(({ split }) => split.index))
  const expected = shares[0]?.split.generators ?? 0
  return Array.from({ length: expected }, (_, index) => index).filter((index) => !present.has(index))
}
