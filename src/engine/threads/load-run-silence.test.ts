import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { hang } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { planFor } from '../../../test/truth/plan.ts'
import { smtpLane } from '../../smtp/sender.ts'
import { until } from '../../smtp/session.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import { Transport } from '../../smtp/transport.ts'
import { LoadRun, type Measured } from './load-run.ts'
import type { WatchLimits, WorkerTask } from './plan.ts'
import { SenderPool } from './pool.ts'
import { type LaneOf, ThreadRun } from './thread-run.ts'

const LIMIT_MS = 60_000
const SOON: WatchLimits = {
  everyMs: 50,
  overdueMs: 300,
  silenceMs: 1_000,
  heartbeatMs: 1_500,
  graceMs: 300,
}
const TEN = { executor: 'shared-iterations', messages: 10 } as const

/** A pool whose one thread is this one, and whose lanes are the test's. */
function poolOf(laneOf: LaneOf): Pick<SenderPool, 'run'> {
  let begun: Promise<ThreadRun> | undefined
  return {
    async run({ worker, ...run }: WorkerTask) {
      begun ??= ThreadRun.begin(run, laneOf)
      return (await begun).work(worker)
    },
  }
}

const never = new Promise<never>(() => undefined)

function accountOf({ recording, reach }: Measured) {
  return { ended: recording.responseTime.count, ...reach }
}

test('sessions that hang end the run by itself, which names them and has what the others did', {
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start()
  await using mute = await ScriptedServer.start({ ehlo: [hang] })
  const targets = [server, mute].map(({ host, port }, index) => ({
    name: `server ${index}`,
    host,
    port,
    tls: { mode: 'none', verify: true } as const,
  }))
  // The kind of fault that the client must not have: it waits on when what it waits for has failed.
  const laneOf: LaneOf = (options, worker) => {
    if (worker === 0) return smtpLane(options, 0)
    return async (feed) => {
      await new Promise(feed.next)
      const transport = Transport.connect(targets[1] as SmtpTarget, options.clock, { replyTimeoutMs: 1_000 })
      options.transports.add(transport, 1)
      transport.enter('connect')
      await until(transport, () => transport.isOpen || undefined)
      transport.enter('ehlo', 200)
      await never
    }
  }
  const plan = planFor(0, { targets, schedule: TEN, workers: 2 })
  const run = new LoadRun(poolOf(laneOf), plan, [0, 1], SOON)
  const measured = await run.finished()
  expect(measured.silence).toMatch(
    /^one session hangs past every time limit: server 1 in phase ehlo for \d+ s$/,
  )
  expect(accountOf(measured)).toEqual({ ended: 9, dropped: 0, notReached: 0, untold: 1 })
  await expect(run.worker(1)).rejects.toMatchObject({ code: 'WORKER_SILENT' })
  await expect(run.worker(0)).resolves.toMatchObject({ ended: 9 })
  expect(run.leftWorkersBehind).toBe(true)
})

test('an abort ends a run whose workers do not heed it', { timeout: LIMIT_MS }, async () => {
  const lazy = { ...SOON, overdueMs: LIMIT_MS, silenceMs: LIMIT_MS, heartbeatMs: LIMIT_MS }
  const laneOf: LaneOf = () => (feed) => new Promise(feed.next).then(() => never)
  const run = new LoadRun(poolOf(laneOf), planFor(9, { schedule: TEN, workers: 2 }), [0, 1], lazy)
  run.stop({ abort: true })
  const measured = await run.finished()
  expect(measured.silence).toContain('worker 1, 2')
})

test('a thread whose event loop is blocked ends the run with what the other threads reported', {
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start()
  await using pool = new SenderPool(2)
  await pool.warmUp()
  const plan = planFor(server.port, {
    schedule: { executor: 'constant-arrival-rate', ratePerSecond: 50, durationSeconds: 40 },
    workers: 4,
    hooks: await endlessAt(20),
    metrics: { samples: 'counter' },
  })
  const run = new LoadRun(pool, plan, [0, 1, 2, 3], SOON)
  const measured = await run.finished()
  expect(measured.silence).toMatch(
    /^sender thread [\d.]+ no longer answers \(worker .*\): its event loop is blocked/,
  )
  const { ended, dropped, notReached, untold } = accountOf(measured)
  expect(ended).toBeGreaterThan(40)
  expect(ended + dropped + notReached + untold).toBe(2_000)
  expect(notReached).toBeGreaterThan(1_000)
  expect(run.leftWorkersBehind).toBe(true)
  await pool.renew()
  const next = await new LoadRun(pool, planFor(server.port)).finished()
  expect(accountOf(next)).toEqual({ ended: 100, dropped: 0, notReached: 0, untold: 0 })
})

test('a thread that ends in the middle is noticed, and no message unaccounted for', {
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start()
  await using pool = new SenderPool(2)
  await pool.warmUp()
  const plan = planFor(server.port, {
    schedule: { executor: 'shared-iterations', messages: 2_000 },
    workers: 4,
    hooks: await moduleOf(
      `export const onSample = ({ message }) => { if (message === 500) process.exit(3) }\n`,
    ),
    metrics: { samples: 'counter' },
  })
  const measured = await new LoadRun(pool, plan, [0, 1, 2, 3], SOON).finished()
  expect(measured.silence).toContain('or it has died')
  const { ended, dropped, notReached, untold } = accountOf(measured)
  expect(dropped).toBe(0)
  expect(ended + notReached + untold).toBe(2_000)
})

test('hooks whose module never ends its loading are refused after a time', {
  timeout: LIMIT_MS,
}, async () => {
  await using pool = new SenderPool(1)
  await pool.warmUp()
  const problem = await pool.hooksProblem(
    await moduleOf('await new Promise(() => setInterval(() => 0, 1e6))\n'),
    500,
  )
  expect(problem).toMatch(/^Failed to load the hooks file:.*: they were not loaded after 0\.5 s\.$/)
})

/** Hooks that never return from the sample of one message. */
function endlessAt(message: number): Promise<string> {
  return moduleOf(`export const onSample = (sample) => { while (sample.message === ${message}); }\n`)
}

async function moduleOf(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-silence-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'hooks.ts')
  await writeFile(path, source)
  return pathToFileURL(path).href
}
