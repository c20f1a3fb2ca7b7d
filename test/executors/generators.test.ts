import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { embeddedSmtpServer } from '../../containers/smtp-server.ts'
import { createPacer, type Schedule } from '../../src/engine/executors/registry.ts'
import { quantileMs } from '../../src/engine/histogram.ts'
import { Recorder } from '../../src/engine/recorder.ts'
import { mergeRecordings, type Recording } from '../../src/engine/recording.ts'
import { messageId } from '../../src/mail/id.ts'
import { PHASES } from '../../src/smtp/target.ts'
import { type GeneratorTask, type KeptSample, RECORDER } from './generator.ts'

const GENERATORS = 3
/** For the time to reach all of them. */
const START_IN_MS = 500
const SCHEDULE: Schedule = {
  executor: 'ramping-arrival-rate',
  startRatePerSecond: 50,
  stages: [
    { durationSeconds: 2, target: 200 },
    { durationSeconds: 1, target: 200 },
  ],
}

interface Generated {
  readonly recording: Recording
  readonly samples: readonly KeptSample[]
}

/** Starts once all are ready. */
async function generate(tasks: readonly GeneratorTask[]): Promise<Generated[]> {
  const script = join(import.meta.dirname, 'generator.ts')
  const children = tasks.map((task) =>
    spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const ended = Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
  const startAtMs = Date.now() + START_IN_MS
  for (const { stdin } of children) stdin.end(String(startAtMs))
  expect(await ended).toEqual(tasks.map(() => 0))
  return Promise.all(tasks.map(async ({ file }) => JSON.parse(await readFile(file, 'utf8')) as Generated))
}

test('three generator processes, merged, are one recorder that was fed with all their samples', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-generators-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const server = await embeddedSmtpServer({ name: 'smtp-server-shared' }).start()
  onTestFinished(() => server.stop())
  const parts = await generate(
    Array.from({ length: GENERATORS }, (_, index) => ({
      schedule: SCHEDULE,
      split: { index, generators: GENERATORS },
      runId: `togetherg${index}`,
      port: server.port,
      workers: 3,
      file: join(folder, `${index}.json`),
    })),
  )
  const merged = mergeRecordings(
    parts.map(({ recording }) => recording),
    PHASES.length,
    1,
  )
  const one = new Recorder(RECORDER)
  const all = parts.flatMap(({ samples }) => samples).toSorted((a, b) => a.endedMs - b.endedMs)
  for (const { phasesMs, ...sample } of all) {
    one.record({ ...sample, phasesMs: Float64Array.from(phasesMs, (ms) => ms ?? Number.NaN) })
  }
  const fed = one.snapshot()

  // Exactly, bucket by bucket; sums of floating point numbers alone depend on their order.
  for (const name of ['responseTime', 'serviceTime'] as const) {
    expect(merged[name].buckets).toEqual(fed[name].buckets)
    for (const q of [0, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
      expect(quantileMs(merged[name], q)).toBe(quantileMs(fed[name], q))
    }
    expect(merged[name].sum_ms).toBeCloseTo(fed[name].sum_ms, 6)
  }
  expect(merged.seconds.map(({ started, accepted }) => [started, accepted])).toEqual(
    fed.seconds.map(({ started, accepted }) => [started, accepted]),
  )
  expect(merged.phases.map(({ buckets }) => buckets)).toEqual(fed.phases.map(({ buckets }) => buckets))

  // Together they offered the whole schedule: each message once, at its time.
  const whole = createPacer(SCHEDULE)
  const due = all.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b)
  expect(due).toEqual(Array.from({ length: whole.total }, (_, n) => expect.closeTo(whole.dueMs(n), 3)))
  expect(merged.targets[0]?.accepted).toBe(whole.total)

  // And the server received each one's own messages, and no others.
  for (const [index, { samples }] of parts.entries()) {
    const ids: string[] = []
    for await (const { id } of server.entries(`togetherg${index}`)) ids.push(id)
    expect(ids.sort()).toEqual(samples.map(({ message }) => messageId(`togetherg${index}`, message)).sort())
  }
}, 60_000)
