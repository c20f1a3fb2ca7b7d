import { TRANSACTION_PHASES } from '../engine/sample.ts'
import { numberAt, valueAt } from './fields.ts'
import { successRate } from './overview.ts'

export type Unit = 'ms' | 'share' | 'count' | 'per_second' | 'seconds' | 'bytes' | 'percent' | 'ratio'

/** One figure of a run, whoever wrote its file, and what is good of it. */
export interface Figure {
  /** As thresholds name it where they know it: `p(95)`, `throughput`, `accept.p(99)`. */
  readonly name: string
  readonly title: string
  readonly group: string
  readonly unit: Unit
  /** `neither`: a fact of the run, as the bytes that were sent. */
  readonly better: 'higher' | 'lower' | 'neither'
  /** Null when the file does not say. */
  read(json: unknown): number | null
}

type Shape = Pick<Figure, 'unit' | 'better'>

const LOWER_MS: Shape = { unit: 'ms', better: 'lower' }
const LOWER_COUNT: Shape = { unit: 'count', better: 'lower' }
const HIGHER_SHARE: Shape = { unit: 'share', better: 'higher' }
const HIGHER_RATE: Shape = { unit: 'per_second', better: 'higher' }

/** A figure that stands at one of several paths, the first that has it. */
function figure(
  about: Pick<Figure, 'name' | 'title' | 'group'>,
  shape: Shape,
  paths: readonly string[],
): Figure {
  const split = paths.map((path) => path.split('/'))
  return {
    ...about,
    ...shape,
    read(json) {
      for (const path of split) {
        const value = numberAt(json, ...path)
        if (value !== null) return value
      }
      return null
    },
  }
}

const PERCENTILES = {
  avg: ['avg', 'average'],
  min: ['min', 'minimum'],
  'p(50)': ['p50', 'p50'],
  'p(90)': ['p90', 'p90'],
  'p(95)': ['p95', 'p95'],
  'p(99)': ['p99', 'p99'],
  'p(99.9)': ['p99_9', 'p99.9'],
  max: ['max', 'maximum'],
} as const

type Aggregate = keyof typeof PERCENTILES
const ALL_AGGREGATES = Object.keys(PERCENTILES) as Aggregate[]

interface LatencyFigures {
  readonly group: string
  /** Before the name, as `accept.`; empty for the response time. */
  readonly prefix: string
  /** Paths of a latency summary. */
  readonly paths: readonly string[]
}

/** Percentiles and ends of one kind of latency. */
function latencyFigures(about: LatencyFigures, aggregates: readonly Aggregate[]): Figure[] {
  const { group, prefix, paths } = about
  return aggregates.map((aggregate) => {
    const [key, title] = PERCENTILES[aggregate]
    const names = { name: prefix + aggregate, title, group }
    return figure(
      names,
      LOWER_MS,
      paths.map((path) => path.replace('*', key)),
    )
  })
}

const named = (group: string) => (name: string, title: string) => ({ name, title, group })
const messages = named('Messages')
const integrity = named('Integrity')
const speed = named('Speed')

const SUCCESS: Figure = { ...messages('success_rate', 'success rate'), ...HIGHER_SHARE, read: successRate }

const COMMON_MESSAGES: readonly Figure[] = [
  figure(messages('total_messages', 'total'), { unit: 'count', better: 'neither' }, [
    'metrics/total_messages',
  ]),
  SUCCESS,
  figure(messages('failed_messages', 'not successful'), LOWER_COUNT, ['metrics/failed_messages']),
]

const COMMON_SPEED: readonly Figure[] = [
  figure(speed('throughput', 'throughput'), HIGHER_RATE, [
    'metrics/messages_per_second',
    'metrics/throughput',
  ]),
  figure(speed('duration', 'duration'), { unit: 'seconds', better: 'neither' }, ['metrics/duration_seconds']),
  figure(speed('bytes', 'data'), { unit: 'bytes', better: 'neither' }, ['metrics/total_bytes_sent']),
]

const OUTCOME_FIGURES = ['deferred', 'rejected', 'failed', 'dropped', 'not_reached'].map((outcome) =>
  figure(messages(outcome, outcome.replace('_', ' ')), LOWER_COUNT, [`metrics/outcomes/${outcome}`]),
)

/** The group of all phases. */
export const PHASES = 'Phases'

const PHASE_FIGURES = TRANSACTION_PHASES.flatMap((phase) => {
  const about = { group: PHASES, prefix: `${phase}.`, paths: [`metrics/phases_ms/${phase}/*`] }
  return latencyFigures(about, ['p(50)', 'p(95)', 'p(99)']).map((one) => ({
    ...one,
    title: `${phase} ${one.title}`,
  }))
})

/** Of the servers (or containers) of a run, all together. */
function usage(kind: 'cpu_percent' | 'memory_bytes', key: 'avg' | 'max'): Figure['read'] {
  return (json) => {
    const services = Object.keys(valueAt(json, 'resource_usage') ?? {})
    const values = services.map((name) => numberAt(json, 'resource_usage', name, kind, key))
    const known = values.filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
  }
}

const RESOURCES: readonly Figure[] = [
  {
    ...named('Resources')('servers_cpu', 'CPU of the servers'),
    unit: 'percent',
    better: 'lower',
    read: usage('cpu_percent', 'avg'),
  },
  {
    ...named('Resources')('servers_memory', 'memory of the servers'),
    unit: 'bytes',
    better: 'lower',
    read: usage('memory_bytes', 'max'),
  },
  figure(
    named('Resources')('generator_cpu', 'CPU of the generator'),
    { unit: 'percent', better: 'neither' },
    ['generator/cpu_percent'],
  ),
]

/** Of a run against SMTP servers, ours or of the older generator. */
export const SMTP_FIGURES: readonly Figure[] = [
  ...COMMON_MESSAGES,
  ...OUTCOME_FIGURES,
  figure(messages('connection_errors', 'connection errors'), LOWER_COUNT, ['metrics/connection_errors']),
  figure(messages('recipients_refused', 'recipients refused'), LOWER_COUNT, ['metrics/recipients_refused']),
  figure(messages('reconnects', 'reconnects'), LOWER_COUNT, ['metrics/reconnects']),
  figure(messages('session_failures', 'sessions ended badly'), LOWER_COUNT, ['metrics/session_failures']),
  ...['lost', 'duplicated', 'corrupted', 'unacknowledged'].map((name) =>
    figure(integrity(name, name), LOWER_COUNT, [`ledger/${name}`]),
  ),
  ...COMMON_SPEED,
  figure(speed('rate', 'rate in the window'), HIGHER_RATE, ['metrics/rate']),
  figure(speed('rate_error', 'rate error'), { unit: 'share', better: 'lower' }, ['metrics/rate_error']),
  ...latencyFigures(
    {
      group: 'Response time',
      prefix: '',
      paths: ['metrics/response_time_ms/*', 'metrics/latency_ms/*', 'metrics/*_response_time_ms'],
    },
    ALL_AGGREGATES,
  ),
  ...latencyFigures(
    { group: 'Service time', prefix: 'service_time.', paths: ['metrics/service_time_ms/*'] },
    ALL_AGGREGATES,
  ),
  ...PHASE_FIGURES,
  ...RESOURCES,
]

/** Of a run against a mail proxy. */
export const PRESSURE_FIGURES: readonly Figure[] = [
  ...COMMON_MESSAGES,
  ...[
    'lost',
    'duplicated',
    'corrupted',
    'unreported',
    'misreported',
    'unknown',
    'errors',
    'still_queued',
  ].map((name) => figure(integrity(name, name.replace('_', ' ')), LOWER_COUNT, [`verification/${name}`])),
  ...COMMON_SPEED,
  figure(speed('drain', 'drain'), { unit: 'seconds', better: 'lower' }, ['metrics/drain_seconds']),
  ...latencyFigures(
    { group: 'End to end', prefix: '', paths: ['metrics/end_to_end_ms/*', 'metrics/latency_ms/*'] },
    ALL_AGGREGATES,
  ),
  ...['report_lag', 'sync_response'].flatMap((kind) =>
    latencyFigures(
      {
        group: kind === 'report_lag' ? 'Report lag' : 'Sync response',
        prefix: `${kind}.`,
        paths: [`metrics/${kind}_ms/*`],
      },
      ['p(50)', 'p(95)', 'p(99)', 'max'],
    ),
  ),
  figure(named('Proxy')('cache_hit_rate', 'cache hit rate'), HIGHER_SHARE, ['metrics/cache_hit_rate']),
  figure(named('Proxy')('cache_spared', 'fetches spared'), HIGHER_SHARE, ['metrics/delivery_cache_hit_rate']),
  figure(named('Proxy')('dnd_violations', 'DND violations'), LOWER_COUNT, ['metrics/dnd_violations']),
  figure(named('Proxy')('over_limit', 'over the rate limit'), LOWER_COUNT, ['metrics/over_limit']),
  figure(named('Proxy')('deferred', 'deferred'), LOWER_COUNT, ['metrics/deferred']),
  figure(named('Proxy')('rate_limited', 'rate limited'), { unit: 'count', better: 'neither' }, [
    'metrics/rate_limited',
  ]),
  figure(named('Proxy')('fairness', 'slowest tenant to fastest'), { unit: 'ratio', better: 'lower' }, [
    'metrics/fairness',
  ]),
  figure(named('Proxy')('peak_pending', 'peak pending'), LOWER_COUNT, ['metrics/peak_pending']),
  figure(named('Proxy')('peak_memory', 'peak memory of the proxy'), { unit: 'bytes', better: 'lower' }, [
    'metrics/peak_proxy_memory_bytes',
  ]),
]
