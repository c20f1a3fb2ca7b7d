import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { accountedFor } from '../e2e/stress.ts'
import { runVitest, type VitestRun } from '../vitest-child.ts'

const LIMIT_MS = 180_000

describe('scenarios of several loads, through the real Vitest', () => {
  let run: VitestRun
  let results: ReadonlyMap<string, Result>

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailstorm-scenarios-'))
    run = await runVitest({
      config: 'test/fixture-projects/executors/vitest.config.ts',
      name: '^(steps|crowded|parted|waves)',
      env: {
        STRESS_RESULTS_DIR: folder,
        STRESS_BACKEND: 'embedded',
        STRESS_COOLDOWN: '0.2',
        SMTP_SERVERS: '2',
      },
    })
    const names = (await readdir(folder)).filter((name) => /^\d.*\.json$/.test(name))
    const read = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
    const all = read.map((text) => JSON.parse(text) as Result)
    results = new Map(all.map((result) => [result.part ?? result.scenario, result]))
    return () => rm(folder, { recursive: true, force: true })
  }, LIMIT_MS)

  function resultOf(name: string): Result {
    const result = results.get(name)
    if (result === undefined) throw new Error(`no result of ${name}:\n${run.output}`)
    return result
  }

  test('all pass, with every message accounted for and verified', () => {
    expect(run.exitCode, run.output).toBe(0)
    expect([...results.keys()].toSorted()).toEqual(
      ['both-servers', 'crowd', 'one-server', 'steady', 'steps', 'together', 'waves'].toSorted(),
    )
    for (const result of results.values()) {
      expect(result.verdict).toBe('PASSED')
      expect(accountedFor(result)).toBe(true)
      expect(result.ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0, corrupted: 0 })
    }
  })

  test('stages: each has its figures', () => {
    const { side_by_side: table, metrics, timeline } = resultOf('steps')
    expect(metrics.total_messages).toBe(80)
    expect(timeline.slice(0, 2).map(({ due }) => due)).toEqual([20, 60])
    expect(table?.rows.map(({ label, values }) => [label, values[0]])).toEqual([
      ['20/s', 20],
      ['60/s', 60],
    ])
  })

  test('loads at the same time: apart and together', () => {
    const [steady, crowd, together] = ['steady', 'crowd', 'together'].map(resultOf)
    expect(steady?.metrics.total_messages).toBe(60)
    expect(crowd?.metrics.total_messages).toBe(100)
    expect(together?.metrics.total_messages).toBe(160)
    expect(together?.ledger.received).toBe(160)
    expect(together?.histograms.response_time.count).toBe(160)
    expect(together?.side_by_side?.rows.map(({ label, values }) => [label, values[0]])).toEqual([
      ['steady', 60],
      ['crowd', 100],
      ['together', 160],
    ])
    // The crowd comes a second after the start, and so it does in the timeline of both.
    const startedBySecond = (result: Result | undefined, second: number) =>
      result?.timeline[second]?.started ?? 0
    expect(startedBySecond(together, 0)).toBe(startedBySecond(steady, 0))
    expect(startedBySecond(together, 1)).toBe(startedBySecond(steady, 1) + startedBySecond(crowd, 0))
    expect(Date.parse(crowd?.metrics.start_time ?? '') - Date.parse(steady?.metrics.start_time ?? '')).toBe(
      1_000,
    )
  })

  test('parts on more and more servers: the last one has the table, and what cannot be is left out', () => {
    expect(resultOf('one-server').servers).toEqual(['smtp-server-1'])
    expect(resultOf('one-server')).not.toHaveProperty('side_by_side')
    const { servers, side_by_side: table } = resultOf('both-servers')
    expect(servers).toHaveLength(2)
    expect(table?.rows.map(({ label }) => label)).toEqual(['one-server', 'both-servers'])
    const efficiency = table?.columns.findIndex(({ name }) => name === 'efficiency per server') ?? -1
    expect(table?.rows[0]?.values[efficiency]).toBe(1)
    expect(table?.note).toContain('Left out, since there are only 2 servers: three-servers.')
  })

  test('ramping workers: time ends the run, and every message that was started counts as planned', () => {
    const { workload, metrics, target_rate } = resultOf('waves')
    expect(workload).toMatchObject({ executor: 'ramping-workers', model: 'closed', duration_seconds: 2 })
    expect(metrics.total_messages).toBe(metrics.successful_messages)
    expect(metrics.total_messages).toBeGreaterThan(10)
    expect(target_rate).toBeNull()
  })
})

test('loads at the same time: each uses the variables that apply to it', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-scenarios-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const run = await runVitest({
    config: 'test/fixture-projects/executors/vitest.config.ts',
    name: '^crowded',
    env: {
      STRESS_RESULTS_DIR: folder,
      STRESS_BACKEND: 'embedded',
      SMTP_SERVERS: '1',
      STRESS_RATE: '10',
      STRESS_DURATION: '2',
      STRESS_MESSAGES: '30',
      STRESS_THRESHOLDS: 'success_rate>=0.9',
    },
  })
  expect(run.exitCode, run.output).toBe(0)
  expect(run.output).toContain('STRESS_RATE=10 changes nothing in crowded / crowd: it sends its messages')
  expect(run.output).toContain('STRESS_MESSAGES=30 changes nothing in crowded / steady')
  const names = (await readdir(folder)).filter((name) => /^\d.*\.json$/.test(name))
  const read = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const together = read.map((text) => JSON.parse(text) as Result).find(({ part }) => part === 'together')
  expect(together).toMatchObject({ part: 'together', metrics: { total_messages: 50 } })
  expect(together?.thresholds.map(({ expression }) => expression)).toContain('success_rate>=0.9')
  expect(together?.overridden).toEqual({
    load: [
      { variable: 'STRESS_DURATION', own: 3, value: 2 },
      { variable: 'STRESS_RATE', own: 20, value: 10 },
      { variable: 'STRESS_THRESHOLDS', own: 'success_rate==1', value: 'success_rate>=0.9' },
      { variable: 'STRESS_MESSAGES', own: 100, value: 30 },
    ],
    thresholds: 'given',
  })
})
