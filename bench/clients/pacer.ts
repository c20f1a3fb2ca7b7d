import { systemClock } from '../../src/engine/clock.ts'
import { Dispatch, type Lane } from '../../src/engine/dispatch.ts'
import { createPacer } from '../../src/engine/executors/registry.ts'
import { Histogram } from '../../src/engine/histogram.ts'
import type { PacedRun, PacedTask } from './pacing-task.ts'

/** Client program: the dispatch loop alone, with lanes that are done with a message at once. */
const { ratePerSecond, seconds } = JSON.parse(process.argv[2] ?? '{}') as PacedTask
const pacer = createPacer({ executor: 'constant-arrival-rate', ratePerSecond, durationSeconds: seconds })
const lag = new Histogram()
const startMs = systemClock.nowMs() + 50
let claimed = 0
let lastStartMs = 0
const dispatch = new Dispatch({
  pacer,
  clock: systemClock,
  startMs,
  claim: () => (claimed < pacer.total ? claimed++ : undefined),
  onLag: (lagMs) => lag.record(lagMs),
})
const lane: Lane = async (feed) => {
  const next = () => new Promise(feed.next)
  for (let ticket = await next(); ticket !== undefined; ticket = await next()) {
    lastStartMs = systemClock.nowMs() - startMs
  }
}
const cpuBefore = process.cpuUsage()
await dispatch.join({ number: 0, lane, maxLanes: 10 })
const { user, system } = process.cpuUsage(cpuBefore)
const result: PacedRun = {
  messages: pacer.total,
  lastStartMs,
  lagP50Ms: lag.quantile(0.5),
  lagP99Ms: lag.quantile(0.99),
  cpuShare: (user + system) / 1_000 / (systemClock.nowMs() - startMs),
}
console.log(JSON.stringify(result))
