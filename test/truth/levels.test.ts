import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { startNullSink } from '../../containers/null-sink.ts'
import type { LoadPlan } from '../../src/engine/threads/plan.ts'
import { SenderPool } from '../../src/engine/threads/pool.ts'
import { calibrate } from '../../src/run/ground/calibration.ts'
import { runLoad } from '../../src/run/load.ts'
import { resolveSpec } from '../../src/run/spec/spec.ts'
import { acceptedIds } from '../servers/record.ts'
import { DEFAULT_STEPS, OFFERS_CHUNKING, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

const LIMIT_MS = 60_000
const SPEC = {
  executor: 'shared-iterations',
  messages: 40,
  workers: 2,
  size: 'small',
  pipelining: 'chunks',
} as const
const LOAD = { ...SPEC, threads: 1 } as const

const servedBy = (port: number) => ({ ...LOAD, targets: [`127.0.0.1:${port}`] })

describe('a load at level chunks', () => {
  it(
    'goes by chunks where the server handles them; its trial message is in no figure',
    async () => {
      await using server = await ScriptedServer.start({ ehlo: OFFERS_CHUNKING })
      const result = await runLoad(servedBy(server.port))
      const target = `127.0.0.1:${server.port}`
      expect(result.pipelining).toEqual([{ target, asked: 'chunks', used: 'chunks', trial_messages: 1 }])
      expect(result.workload).toMatchObject({ pipelining: 'chunks', pipeline_depth: 8 })
      expect(result.metrics).toMatchObject({
        total_messages: 40,
        successful_messages: 40,
        sessions_opened: 2,
      })
      expect(acceptedIds(server.sessions).filter((id) => id !== 'no id')).toHaveLength(40)
      expect(result.observations).toEqual([
        expect.stringMatching(/^1 trial message was sent before the load/),
        expect.stringMatching(/^no one has looked whether the accepted messages arrived/),
      ])
    },
    LIMIT_MS,
  )

  it(
    'falls back where the server takes refused chunks for commands, and the result names it',
    async () => {
      // As a server that reads on behind a refused BDAT: the chunk's line is answered, too.
      const bdat = { first: [DEFAULT_STEPS.bdat, [say('503 5.5.1 RCPT first'), say('500 5.5.1 what?')]] }
      await using server = await ScriptedServer.start({ ehlo: OFFERS_CHUNKING, bdat })
      const result = await runLoad(servedBy(server.port))
      const [row] = result.pipelining ?? []
      expect(row).toMatchObject({ asked: 'chunks', used: 'transactions', trial_messages: 2 })
      expect(result.metrics.successful_messages).toBe(40)
      expect(result.observations[0]).toMatch(
        /was sent to at pipelining level transactions, not chunks: it does not swallow the chunk of a refused/,
      )
      const commands = server.sessions.slice(-2).flatMap((session) => session.commands)
      expect(commands.some((line) => line.startsWith('BDAT'))).toBe(false)
    },
    LIMIT_MS,
  )

  it(
    'without the trial only asks what is offered, and sends nothing beside the load',
    async () => {
      await using server = await ScriptedServer.start()
      const result = await runLoad({ ...servedBy(server.port), pipeliningTrial: false })
      expect(result.pipelining).toMatchObject([
        { used: 'transactions', why: 'it does not offer CHUNKING', trial_messages: 0 },
      ])
      expect(server.sessions.flatMap(({ messages }) => messages)).toHaveLength(40)
    },
    LIMIT_MS,
  )

  it(
    'has a headroom after a calibration, which is a figure of its own',
    async () => {
      await using sink = await startNullSink({ certificate: await selfSignedCertificate() })
      const load = {
        ...servedBy(sink.port),
        tls: 'implicit' as const,
        tlsVerify: false,
        messages: 2_000,
        thresholds: ['headroom>0', 'success_rate==1'],
      }
      const result = await runLoad({ ...load, calibrate: true })
      const { headroom } = result.generator
      expect(headroom?.calibrated_per_second).toBeGreaterThan(1_000)
      const ratio = (headroom?.calibrated_per_second ?? 0) / result.metrics.throughput
      expect(headroom?.ratio).toBeCloseTo(ratio, 6)
      expect(result.thresholds.map(({ verdict }) => verdict).slice(0, 2)).toEqual(['pass', 'pass'])
      expect(result.generator.bound).toBe(result.generator.bound_reasons.length > 0)
    },
    LIMIT_MS,
  )
})

it(
  'a calibration sends as the load does: at the level that each server handles, and over TLS where the load does',
  async () => {
    await using pool = new SenderPool(1)
    const plans: LoadPlan[] = []
    const run: SenderPool['run'] = (task) => {
      plans.push(task.plan)
      return pool.run(task)
    }
    const target = { name: 'a server', host: '192.0.2.1', port: 25 }
    const none = { mode: 'none', verify: true } as const
    const perSecond = await calibrate(
      { run },
      resolveSpec({ ...SPEC, thresholds: [] }),
      [
        { ...target, tls: { mode: 'starttls', verify: true } },
        { ...target, tls: none, pipelining: 'commands' },
        { ...target, tls: none },
      ],
      new AbortController().signal,
    )
    expect(perSecond).toBeGreaterThan(100)
    const [{ targets = [] } = {}] = plans
    expect(targets.map(({ tls, pipelining }) => [tls.mode, pipelining])).toEqual([
      ['implicit', undefined],
      ['none', 'commands'],
      ['none', undefined],
    ])
    expect(targets.map(({ host }) => host)).toEqual(Array(3).fill('127.0.0.1'))
  },
  LIMIT_MS,
)
