import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { say } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { planFor } from '../../../test/truth/plan.ts'
import { PIPELINING_LEVELS } from '../../smtp/target.ts'
import { customResults } from '../custom-metrics.ts'
import { sampleOf } from '../sample.fixture.ts'
import { type HookSample, type Hooks, loadHooks, ThreadHooks } from './hooks.ts'
import { LoadRun } from './load-run.ts'
import { SenderPool } from './pool.ts'

const HOOKS = new URL('./hooks.fixture.ts', import.meta.url).href
const METRICS = {
  samples: 'counter',
  connected: 'rate',
  service_ms: 'trend',
  newest: 'gauge',
  refusals: 'counter',
  ...Object.fromEntries(
    ['greeting', 'ehlo', 'envelope', 'data', 'accept', 'quit'].map((phase) => [
      `replies_${phase}`,
      'counter' as const,
    ]),
  ),
} as const

async function moduleOf(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-hooks-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'hooks.ts')
  await writeFile(path, source)
  return pathToFileURL(path).href
}

describe('hooks of a run on two threads', () => {
  let pool: SenderPool
  beforeAll(async () => {
    pool = new SenderPool(2)
    await pool.warmUp()
  }, 60_000)
  afterAll(() => pool[Symbol.asyncDispose]())

  it.for(PIPELINING_LEVELS)(
    'see every sample and every reply in its phase, pipelining %s',
    async (pipelining) => {
      await using server = await ScriptedServer.start({
        rcpt: { first: [[say('550 5.1.1 who?')]] },
      })
      const schedule = { executor: 'shared-iterations', messages: 100 } as const
      const plan = planFor(server.port, { schedule, workers: 4, pipelining })
      const run = new LoadRun(pool, { ...plan, hooks: HOOKS, metrics: METRICS })
      const { recording, hookError, threadError } = await run.finished()
      expect([hookError, threadError]).toEqual([undefined, undefined])
      const custom = customResults(recording.custom, 1)
      const sums = Object.fromEntries(
        Object.entries(custom).map(([name, metric]) => [name, metric.kind === 'counter' ? metric.sum : null]),
      )
      expect(sums).toMatchObject({
        samples: 100,
        // The DATA that was on its way behind the refused recipient is refused too.
        refusals: pipelining === 'off' ? 1 : 2,
        replies_greeting: 4,
        replies_ehlo: 4,
        // MAIL and RCPT of each, and RSET behind the one whose recipient was refused.
        replies_envelope: 201,
        replies_data: pipelining === 'off' ? 99 : 100,
        replies_quit: 4,
      })
      expect(custom.connected).toEqual({ kind: 'rate', share: 0.04, hits: 4, total: 100 })
      expect(custom.newest).toMatchObject({ min: 0, max: 99 })
      expect(custom.service_ms).toMatchObject({ summary: { count: 100 } })
      expect((recording.custom.service_ms as { histogram: unknown }).histogram).toEqual(recording.serviceTime)
    },
  )

  it('that fail leave the load as it is, and the run says how', async () => {
    await using server = await ScriptedServer.start()
    const hooks = await moduleOf(`export const onSample = (sample, metrics) => metrics.add('typo')\n`)
    const plan = planFor(server.port, { workers: 2 })
    const run = new LoadRun(pool, { ...plan, hooks, metrics: { samples: 'counter' } })
    const { recording, hookError, threadError } = await run.finished()
    expect(threadError).toBeUndefined()
    expect(recording.responseTime.count).toBe(100)
    expect(hookError).toContain('Failed to record the custom metric "typo": the scenario does not have it.')
  })

  it('are told apart before a run: what the threads cannot load has a reason, what they can has none', async () => {
    expect(await pool.hooksProblem(HOOKS)).toBeUndefined()
    const problem = await pool.hooksProblem(await moduleOf('export const onSampel = () => {}\n'))
    expect(problem).toMatch(
      /^Failed to load the hooks file:.*hooks\.ts: it exports none of onSample, onReply\./,
    )
  })
})

describe('loadHooks', () => {
  it.for([
    ['export const onSample = 3', 'its onSample is not a function.'],
    ["import 'no-such-package'", "Cannot find package 'no-such-package'"],
    ["throw new Error('as it loads')", 'as it loads'],
  ] as const)('refuses a module with %s', async ([source, says]) => {
    await expect(loadHooks(await moduleOf(source))).rejects.toMatchObject({
      code: 'BAD_HOOKS',
      message: expect.stringContaining(says),
    })
  })

  it('says which file is not there', async () => {
    await expect(loadHooks('file:///no/such/hooks.ts')).rejects.toThrow('/no/such/hooks.ts')
  })
})

describe('ThreadHooks', () => {
  const metrics = { add: () => undefined }

  it('calls no hook again after its first error', () => {
    let calls = 0
    const hooks: Hooks = {
      onSample() {
        calls++
        throw new TypeError('boom')
      },
    }
    const thread = new ThreadHooks(hooks, ['s1'], metrics)
    thread.sample(sampleOf())
    thread.sample(sampleOf())
    expect([calls, thread.error]).toEqual([1, 'TypeError: boom'])
  })

  it('refuses hooks that wait', () => {
    const onSample = (() => Promise.reject(new Error('nobody sees it'))) as Hooks['onSample']
    const thread = new ThreadHooks({ ...(onSample && { onSample }) }, ['s1'], metrics)
    thread.sample(sampleOf())
    expect(thread.error).toBe('it returned a promise; hooks cannot wait')
  })

  it('shows names of servers, times, and undefined for phases that did not happen', () => {
    const seen: unknown[] = []
    const hooks: Hooks = {
      onSample: (sample) => {
        seen.push(
          sample.server,
          sample.responseMs,
          sample.serviceMs,
          sample.phaseMs('connect'),
          sample.phaseMs('tls'),
        )
      },
    }
    const phasesMs = Float64Array.of(5, Number.NaN)
    const times = { dueMs: 10, sentMs: 12, endedMs: 20 }
    new ThreadHooks(hooks, ['s1', 's2'], metrics).sample(sampleOf({ ...times, target: 1, phasesMs }))
    expect(seen).toEqual(['s2', 10, 8, 5, undefined])
  })

  it('gives a hook samples that it can keep: a lane uses its own again', () => {
    const kept: HookSample[] = []
    const hooks: Hooks = { onSample: (sample) => void kept.push(sample) }
    const thread = new ThreadHooks(hooks, ['s1'], metrics)
    const phasesMs = Float64Array.of(5)
    const attempt = { ...sampleOf({ phasesMs }), message: 1 }
    thread.sample(attempt)
    attempt.message = 2
    phasesMs[0] = 9
    thread.sample(attempt)
    expect(kept.map((sample) => [sample.message, sample.phaseMs('connect')])).toEqual([
      [1, 5],
      [2, 9],
    ])
  })
})
