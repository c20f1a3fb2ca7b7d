import { expect, test } from 'vitest'
import type { Progress } from '../engine/progress.ts'
import { pressureResult } from './html/pressure.fixture.ts'
import { RunExposition } from './prometheus.ts'
import { brokenResult, burstResult } from './result.fixture.ts'
import { latencies } from './result-parts.fixture.ts'

const USAGE = { cpuSeconds: 1.5, memoryBytes: 1024 }

function progress(changes: Partial<Progress> = {}): Progress {
  return {
    ...{ scenario: 'burst', part: null, run_id: 'b7f3a1c2', elapsed_seconds: 1, planned: 5000 },
    ...{ accepted: 2000, deferred: 0, rejected: 0, failed: 0, in_flight: 50, queued: 7, workers: 50 },
    ...{ rate: 2000, target_rate: null, p50_ms: 12, p95_ms: 25, p99_ms: 41, errors: [], left_seconds: 1 },
    ...changes,
  }
}

/** The samples, by name and labels. */
async function samplesOf(exposition: RunExposition, usage = USAGE): Promise<Record<string, number>> {
  const lines = (await exposition.text(usage)).split('\n').filter((line) => /^\w/.test(line))
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]))
}

const RUN = 'scenario="burst",part=""'

test('has workers, rate, percentiles in seconds, outcomes and failures of a run that goes on', async () => {
  const exposition = new RunExposition()
  exposition.update(progress({ deferred: 3, errors: [['reply_451', 3]], target_rate: 2500 }))
  expect(await samplesOf(exposition)).toMatchObject({
    [`mailstorm_running{${RUN}}`]: 1,
    [`mailstorm_workers{${RUN}}`]: 50,
    [`mailstorm_rate{${RUN}}`]: 2000,
    [`mailstorm_target_rate{${RUN}}`]: 2500,
    [`mailstorm_in_flight{${RUN}}`]: 50,
    [`mailstorm_queued{${RUN}}`]: 7,
    [`mailstorm_messages_total{${RUN},outcome="accepted"}`]: 2000,
    [`mailstorm_messages_total{${RUN},outcome="deferred"}`]: 3,
    [`mailstorm_messages_total{${RUN},outcome="failed"}`]: 0,
    [`mailstorm_failures_total{${RUN},failure="reply_451"}`]: 3,
    [`mailstorm_response_time_seconds{${RUN},percentile="p50"}`]: 0.012,
    [`mailstorm_response_time_seconds{${RUN},percentile="p99"}`]: 0.041,
  })
})

test('ends with the figures of the result, each message counted once', async () => {
  const exposition = new RunExposition()
  exposition.update(progress())
  exposition.update(progress({ accepted: 4000 }))
  exposition.finish(burstResult())
  expect(await samplesOf(exposition)).toMatchObject({
    [`mailstorm_messages_total{${RUN},outcome="accepted"}`]: 5000,
    [`mailstorm_running{${RUN}}`]: 0,
    [`mailstorm_in_flight{${RUN}}`]: 0,
    [`mailstorm_runs_total{${RUN},verdict="PASSED"}`]: 1,
    [`mailstorm_elapsed_seconds{${RUN}}`]: 4.21,
  })
})

test('a run too short for a snapshot has its result, and dropped messages are no failure of the target', async () => {
  const exposition = new RunExposition()
  const { metrics } = brokenResult()
  const errors = { connection_refused: 100, reply_451: 10, reply_550: 5, dropped: 5 }
  exposition.finish({ ...brokenResult(), metrics: { ...metrics, error_breakdown: errors } })
  const samples = await samplesOf(exposition)
  expect(samples).toMatchObject({
    [`mailstorm_messages_total{${RUN},outcome="dropped"}`]: 5,
    [`mailstorm_failures_total{${RUN},failure="connection_refused"}`]: 100,
  })
  expect(samples).not.toHaveProperty(`mailstorm_failures_total{${RUN},failure="dropped"}`)
})

test('counters never go back: not for a snapshot that comes late, and not for the next run of the scenario', async () => {
  const exposition = new RunExposition()
  exposition.update(progress({ accepted: 3000 }))
  exposition.update(progress({ accepted: 2000 }))
  const accepted = `mailstorm_messages_total{${RUN},outcome="accepted"}`
  expect((await samplesOf(exposition))[accepted]).toBe(3000)
  exposition.finish(burstResult())
  exposition.update(progress({ run_id: 'next', accepted: 10 }))
  expect((await samplesOf(exposition))[accepted]).toBe(5010)
})

test('parts of a scenario stand beside each other', async () => {
  const exposition = new RunExposition()
  exposition.update(progress({ scenario: 'mixed', part: 'small' }))
  exposition.update(progress({ scenario: 'mixed', part: 'xlarge', accepted: 1 }))
  expect(await samplesOf(exposition)).toMatchObject({
    'mailstorm_messages_total{scenario="mixed",part="small",outcome="accepted"}': 2000,
    'mailstorm_messages_total{scenario="mixed",part="xlarge",outcome="accepted"}': 1,
  })
})

test('tells what the generator uses', async () => {
  const exposition = new RunExposition()
  await exposition.text(USAGE)
  expect(await samplesOf(exposition, { cpuSeconds: 2.5, memoryBytes: 2048 })).toMatchObject({
    mailstorm_generator_cpu_seconds_total: 2.5,
    mailstorm_generator_memory_bytes: 2048,
  })
})

test('has every figure that a run came to, of either kind, in base units that its name says', async () => {
  const exposition = new RunExposition()
  exposition.finish(burstResult())
  exposition.finish(pressureResult())
  const samples = await samplesOf(exposition)
  expect(samples).toMatchObject({
    [`mailstorm_result_success_rate_ratio{${RUN}}`]: 1,
    [`mailstorm_result_throughput_per_second{${RUN}}`]: 5000 / 4.21,
    [`mailstorm_result_lost{${RUN}}`]: 0,
    [`mailstorm_result_duration_seconds{${RUN}}`]: 4.21,
    [`mailstorm_result_bytes{${RUN}}`]: 51_200_000,
    [`mailstorm_result_servers_cpu_ratio{${RUN}}`]: 0.485,
    [`mailstorm_result_response_time_seconds{${RUN},aggregate="p99"}`]: expect.closeTo(0.0708, 9),
    [`mailstorm_result_accept_seconds{${RUN},aggregate="p95"}`]: expect.closeTo(0.0171, 9),
    'mailstorm_pressure_result_drain_seconds{scenario="pressure",part=""}': 4.5,
    'mailstorm_pressure_result_proxy_memory_bytes{scenario="pressure",part=""}': 190_000_000,
    'mailstorm_pressure_result_fairness_ratio{scenario="pressure",part=""}': 2.4,
    'mailstorm_pressure_result_end_to_end_seconds{scenario="pressure",part="",aggregate="p50"}': 0.42,
  })
  expect(Object.keys(samples).filter((name) => name.startsWith('mailstorm_runs_total'))).toHaveLength(1)
})

test("what was not measured is no sample, and a scenario's own metrics have their own names", async () => {
  const exposition = new RunExposition()
  const summary = latencies(10, 2)
  const histogram = burstResult().histograms.response_time
  exposition.finish(
    burstResult({
      custom_metrics: {
        retries: { kind: 'counter', sum: 12, per_second: 3 },
        depth: { kind: 'gauge', value: null, min: null, max: null, at_seconds: null },
        wait_ms: { kind: 'trend', summary, histogram },
      },
    }),
  )
  const samples = await samplesOf(exposition)
  expect(samples).toMatchObject({
    [`mailstorm_custom_retries{${RUN}}`]: 12,
    [`mailstorm_custom_retries_rate_per_second{${RUN}}`]: 3,
    [`mailstorm_custom_wait_seconds{${RUN},aggregate="p95"}`]: expect.closeTo(0.0038, 9),
  })
  expect(Object.keys(samples).filter((name) => /depth|rate_error|tls/.test(name))).toEqual([])
})
