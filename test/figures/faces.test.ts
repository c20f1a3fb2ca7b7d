import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { TRANSACTION_PHASES } from '../../src/engine/sample.ts'
import { type Figure, figureValue } from '../../src/figures/figure.ts'
import { judgeOn, type Threshold } from '../../src/figures/threshold.ts'
import type { AnyResult } from '../../src/pressure/result.ts'
import { runProperties } from '../../src/report/ci/junit.ts'
import { figureText } from '../../src/report/format.ts'
import { writeReport } from '../../src/report/html/files.ts'
import { loadAssets } from '../../src/report/html/page.ts'
import { pressureResult } from '../../src/report/html/pressure.fixture.ts'
import { probeResult } from '../../src/report/html/probe.fixture.ts'
import { renderRuns } from '../../src/report/html/runs-report.ts'
import { exposedBy, renderMarkdown, renderText } from '../../src/report/kinds.ts'
import { expositionOf, RunExposition } from '../../src/report/prometheus.ts'
import { burstResult } from '../../src/report/result.fixture.ts'
import { latencies } from '../../src/report/result-parts.fixture.ts'
import { renderComparison } from '../../src/report/runs/comparison.ts'
import { compareRuns } from '../../src/results/compare.ts'
import { isJudged, type ResultKind, type RunResult } from '../../src/results/kinds.ts'
import { listOf } from '../../src/results/overview.ts'
import { resultJson } from '../../src/results/result-json.ts'
import { type RunView, viewOf } from '../../src/results/run-view.ts'

/** A run of every kind. Every figure has a value here, so that none escapes. */
const RUNS: { readonly [Kind in ResultKind['name']]: RunResult } = {
  smtp: stressRun(),
  pressure: {
    ...pressureResult(),
    metrics: { ...pressureResult().metrics, throughput_ratio: 0.83, p95_ratio: 1.25 },
  },
  probe: probeResult(),
}

function stressRun(): AnyResult {
  const run = burstResult()
  const drift = { low_per_hour: 0, high_per_hour: 0, points: 100 }
  const histogram = run.histograms.response_time
  const result = {
    ...run,
    metrics: {
      ...run.metrics,
      ...{ rate_error: 0.012, reconnects: 3, session_failures: 2, failed_messages: 7 },
      phases_ms: Object.fromEntries(TRANSACTION_PHASES.map((name, n) => [name, latencies(5000, n + 0.3)])),
    },
    ledger: {
      ...run.ledger,
      account: {
        store: 'the sink at 127.0.0.1:2525',
        ...{ expected: 20, arrived: 14, bounced: 3, misrouted: 2, reencoded: 1, unjudged: 0, in_transit: 4 },
        ...{ not_verifiable: 0, waited_seconds: 1.5, bounces: [], misrouted_ids: [], bounced_ids: [] },
      },
    },
    delivery: {
      ...{ time_resolution_ms: 0.001, drain_seconds: 2.5, delivered_per_second: 40, most_in_between: 12 },
      end_to_end_ms: latencies(14, 17.7),
      per_server: [],
      timeline: [],
    },
    retries: {
      ...{ delays_seconds: [1], attempts: 9, accepted_by: [6], cut_off: 1, failures: [] },
      first_attempt: { accepted: 4_991, deferred: 9, rejected: 0, failed: 0, success_rate: 0.9982 },
    },
    generator: { ...run.generator, headroom: { ratio: 3.5, calibrated_per_second: 7_000 } },
    drift: [
      { ...drift, of: 'response time p99', unit: 'ms', per_hour: 12.5 },
      { ...drift, of: 'memory of smtp-server-1', unit: 'bytes', per_hour: 70 * 1_048_576 },
    ],
    custom_metrics: {
      retries: { kind: 'counter', sum: 12, per_second: 3 },
      depth: { kind: 'gauge', value: 4, min: -3, max: 8, at_seconds: 1 },
      slow: { kind: 'rate', share: 0.05, hits: 1, total: 20 },
      wait_ms: { kind: 'trend', summary: latencies(20, 4), histogram },
    },
    // Not of the file: of a run whose scenario names one.
    baseline: { name: 'last', throughput: 2000, success_rate: 1, p95_ms: 20 },
  } satisfies Result & { readonly baseline: object }
  return result
}

type Face = 'JSON of a run' | 'comparison' | 'page of runs' | 'JUnit' | 'Prometheus'

const OWN = [
  'retries',
  'retries.rate',
  'depth',
  'depth.min',
  'depth.max',
  'slow',
  'wait_ms.p(95)',
  'wait_ms.p(99)',
]
const OWN_KINDS = "a scenario's own metrics may be of other kinds on the other side"
const SAME = 'success_rate says the same'
const GENERATOR = 'it is of the machine that sends, not of the servers'
const NOT_COMPARED: Readonly<Record<string, string>> = {
  error_rate: SAME,
  accepted: SAME,
  delivered: SAME,
  headroom: GENERATOR,
  calibrated_rate: GENERATOR,
  regression: 'it is a comparison itself',
}
/** What a face leaves out, by the name of the figure, and why. */
const LEFT_OUT: Readonly<Record<Face, Readonly<Record<string, string>>>> = {
  'JSON of a run': { regression: 'it is of a run and its baseline: a file has it as a threshold' },
  comparison: {
    ...NOT_COMPARED,
    ...Object.fromEntries(OWN.map((name) => [name, OWN_KINDS])),
    ...Object.fromEntries(
      TRANSACTION_PHASES.flatMap((phase) =>
        ['p(50)', 'p(99)'].map((name) => [`${phase}.${name}`, 'p(95) is enough to see where time went']),
      ),
    ),
  },
  'page of runs': { ...NOT_COMPARED, ...Object.fromEntries(OWN.map((name) => [name, OWN_KINDS])) },
  JUnit: NOT_COMPARED,
  Prometheus: {},
}

const figuresIn = (result: RunResult) => listOf(result).all

/** Shown by every face that shows thresholds. */
function withThresholds(result: RunResult): RunResult {
  if (!isJudged(result)) return result
  const thresholds = figuresIn(result).map(({ name }) => {
    const threshold: Threshold = { expression: `${name}>=0`, metric: name, comparison: '>=', limit: 0 }
    return judgeOn<object>(threshold, result, listOf(result))
  })
  return { ...result, thresholds }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&gt;': '>',
  '&lt;': '<',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
}
const unescaped = (text: string) =>
  text.replace(/&(?:gt|lt|amp|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)

/** The cells of every row of every table. */
const CELLS = {
  terminal: (text: string) => text.split('\n').map((line) => line.trim().split(/ {2,}/)),
  Markdown: (text: string) =>
    text.split('\n').map((line) =>
      unescaped(line)
        .replaceAll('\\', '')
        .split('|')
        .map((cell) => cell.trim()),
    ),
  HTML: (text: string) =>
    [...text.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell = '']) =>
        unescaped(cell.replaceAll(/<[^>]*>/g, '')).trim(),
      ),
    ),
} as const

async function reportOf(result: RunResult): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-faces-'))
  try {
    return await readFile(await writeReport(join(folder, 'run.json'), result), 'utf8')
  } finally {
    await rm(folder, { recursive: true })
  }
}

function viewIn(result: RunResult): RunView {
  const view = viewOf('run.json', JSON.parse(resultJson(result)))
  if (view === undefined) throw new Error('a run has a view')
  return view
}

/** `5.00 ms`, or what stands in the face for it. */
const textOf = ({ unit }: Figure<object>, value: number | null) => figureText(value, unit)

describe.for(Object.entries(RUNS))('a run of the kind %s', ([, run]) => {
  const result = withThresholds(run)
  const figures = figuresIn(result)
  const values = new Map(figures.map((figure) => [figure.name, figureValue(figure, run)]))
  const measured = ({ name }: Figure<object>) => values.get(name) ?? null

  test('has a value for every figure, and their names are different', () => {
    expect(figures.filter((figure) => measured(figure) === null).map(({ name }) => name)).toEqual([])
    expect(values.size).toBe(figures.length)
  })

  test('its JSON has the figure', () => {
    expectFace('JSON of a run', withoutBaseline(JSON.parse(resultJson(result))))
  })

  test.runIf(isJudged(run))('its JSON has a threshold on it with the same value and its unit', () => {
    const json = JSON.parse(resultJson(result))
    const thresholds = new Map(json.thresholds.map((one: { metric: string }) => [one.metric, one]))
    for (const figure of figures) {
      const value = measured(figure)
      expect(thresholds.get(figure.name), figure.name).toMatchObject({ value, unit: figure.unit })
    }
  })

  test.runIf(isJudged(run)).for([
    ['terminal', async () => renderText(result)],
    ['Markdown', async () => renderMarkdown(result)],
    ['HTML', () => reportOf(result)],
  ] as const)('a threshold on it stands in %s with the same value and unit', async ([medium, render]) => {
    const rows = CELLS[medium](await render())
    for (const figure of figures) {
      const row = rows.find((cells) => cells.includes(`${figure.name}>=0`))
      expect(row, figure.name).toContain(textOf(figure, measured(figure)))
    }
  })

  test.for([
    // With thresholds on all of them a terminal has them by these.
    ...(isJudged(run) ? [] : [['terminal', async () => renderText(result)] as const]),
    ['Markdown', async () => renderMarkdown(result)],
    ['HTML', () => reportOf(result)],
  ] as const)('%s has it by its name, with its title and group', async ([medium, render]) => {
    const rows = CELLS[medium](await render()).map((cells) => cells.filter((cell) => cell !== ''))
    for (const figure of figures) {
      const { name, title, group } = figure
      const row = rows.find((cells) => cells[0] === name && cells[2] === group)
      expect(row).toEqual([name, title, group, textOf(figure, measured(figure))])
    }
  })

  test('a comparison has it by its title, in its group', () => {
    const view = viewIn(result)
    const comparison = compareRuns({ before: [view], after: [view] })
    let group = ''
    const shown = new Map<string, readonly string[]>()
    for (const cells of CELLS.terminal(renderComparison(comparison))) {
      if (cells.length === 1) group = cells[0] ?? ''
      else shown.set(`${group}/${cells[0]?.replace(/ ?[↑↓]?\*?$/, '')}`, cells)
    }
    const rows = new Map(comparison.rows.map((row) => [row.name, row]))
    expectFace('comparison', (figure) => {
      const row = shown.get(`${figure.group}/${figure.title}`)
      if (row === undefined) return undefined
      expect(rows.get(figure.name)).toMatchObject({ unit: figure.unit, before: { median: measured(figure) } })
      const [, a, b] = row
      const text = textOf(figure, measured(figure))
      return a === text && b === text ? measured(figure) : null
    })
  })

  test('the page of runs has it by its title, in its group', async () => {
    const rows = CELLS.HTML(renderRuns([viewIn(result)], await loadAssets()))
    expectFace('page of runs', (figure) => {
      const row = rows.find(([title, group]) => title === figure.title && group === figure.group)
      if (row === undefined) return undefined
      return row[2] === textOf(figure, measured(figure)) ? measured(figure) : null
    })
  })

  test.runIf(isJudged(run))('JUnit has it by its name', () => {
    if (!isJudged(result)) throw new TypeError('only results with a verdict have properties')
    const properties = new Map(runProperties(result))
    expectFace('JUnit', ({ name }) => (properties.has(name) ? Number(properties.get(name)) : undefined))
  })

  test('Prometheus has it by its name, in the base unit that its name ends with', async () => {
    const exposition = new RunExposition()
    exposition.finish(result)
    const text = await exposition.text({ cpuSeconds: 0, memoryBytes: 0 })
    expectFace('Prometheus', (figure) => {
      const { name, labels, scale } = expositionOf(figure, exposedBy(result).prefix)
      const end = labels.aggregate === undefined ? '' : `,aggregate="${labels.aggregate}"`
      const sample = text.split('\n').find((line) => line.startsWith(`${name}{`) && line.includes(`${end}} `))
      const [, suffix = ''] =
        /_(seconds|ratio|bytes|per_second|seconds_per_hour|bytes_per_hour)$/.exec(name) ?? []
      expect([figure.unit, suffix]).toEqual([figure.unit, BASE[figure.unit]])
      return sample === undefined ? undefined : Number(sample.split(' ').at(-1)) / scale
    })
  })

  /** Undefined: the face does not show it. */
  function expectFace(face: Face, shownAs: (figure: Figure<object>) => number | null | undefined) {
    const shown = figures.map((figure) => [figure.name, shownAs(figure)] as const)
    const missing = shown.filter(([, value]) => value === undefined).map(([name]) => name)
    expect(missing).toEqual(figures.map(({ name }) => name).filter((name) => name in LEFT_OUT[face]))
    for (const [name, value] of shown)
      if (value !== undefined) expect(value, name).toBeCloseTo(values.get(name) ?? Number.NaN, 9)
  }
})

const BASE: Readonly<Record<Figure<object>['unit'], string>> = {
  ms: 'seconds',
  seconds: 'seconds',
  share: 'ratio',
  count: '',
  per_second: 'per_second',
  bytes: 'bytes',
  megabytes: 'bytes',
  percent: 'ratio',
  factor: 'ratio',
  ms_per_hour: 'seconds_per_hour',
  megabytes_per_hour: 'bytes_per_hour',
  number: '',
}

/** Reads a figure of the file as somebody else reads it. */
function withoutBaseline({ baseline: _baseline, ...file }: Readonly<Record<string, unknown>>) {
  return (figure: Figure<object>) => figureValue(figure, file) ?? undefined
}
