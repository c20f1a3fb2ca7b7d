import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { Metrics } from '../../src/programs/proxy/metrics.ts'
import { pressureResult } from '../../src/report/html/pressure.fixture.ts'
import { RunExposition } from '../../src/report/prometheus.ts'
import { brokenResult, burstResult } from '../../src/report/result.fixture.ts'
import { toolPath } from './prometheus.ts'

/** Of everything that has a value, so that no metric escapes the checks. */
const EXPOSITIONS = {
  'a stress run': stressRun,
  'the mail proxy': mailProxy,
} as const satisfies Readonly<Record<string, () => Promise<string>>>

async function stressRun(): Promise<string> {
  const exposition = new RunExposition()
  exposition.update({
    ...{ scenario: 'odd "name"\\\n', part: null, run_id: 'a', elapsed_seconds: 1, planned: 5000 },
    ...{ accepted: 2000, deferred: 1, rejected: 1, failed: 1, in_flight: 50, queued: 7, workers: 50 },
    ...{ rate: 2000, target_rate: 100, p50_ms: 12, p95_ms: 25, p99_ms: 41, left_seconds: 1 },
    errors: [['reply_451', 3]],
  })
  exposition.finish(burstResult())
  exposition.finish(brokenResult())
  exposition.finish(pressureResult())
  return exposition.text({ cpuSeconds: 1, memoryBytes: 1024 })
}

async function mailProxy(): Promise<string> {
  const metrics = new Metrics()
  const sender = { tenantId: 't', tenantName: 'T', accountId: 'a' }
  metrics.announce(sender)
  metrics.rateLimited(sender)
  metrics.attempt('sent', 12)
  metrics.recorded(3)
  metrics.inHand(1, 2)
  metrics.attachmentBytes('http', 100)
  metrics.cacheLookup('miss')
  metrics.attachmentFailed(true)
  metrics.synced('t', 5)
  metrics.syncFailed('t', 'timeout')
  metrics.reported('t', 1)
  metrics.syncMessages('t', 1, 0)
  return metrics.text({ pending: 3, oldestReadyAgeMs: 10 })
}

test.for(Object.entries(EXPOSITIONS))(
  'promtool finds nothing in the metrics of %s',
  async ([, text], context) => {
    const promtool = toolPath('promtool')
    if (promtool === undefined)
      return context.skip('there is no promtool: run test/monitoring/install (Debian)')
    // It reads from its standard input, prints what it finds, and exits with 3 then.
    expect(execFileSync(promtool, ['check', 'metrics'], { input: await text(), encoding: 'utf8' })).toBe('')
  },
)

test.for(Object.entries(EXPOSITIONS))(
  'only summaries and histograms of %s have quantile and le as labels',
  async ([, text]) => {
    const exposition = await text()
    const plain = [...exposition.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map(([, name]) => name)
    expect(plain.length).toBeGreaterThan(5)
    const samples = exposition.split('\n').filter((line) => plain.includes(/^\w+/.exec(line)?.[0] ?? ''))
    expect(samples.length).toBeGreaterThan(5)
    expect(samples.filter((line) => /[{,](?:quantile|le)="/.test(line))).toEqual([])
  },
)
