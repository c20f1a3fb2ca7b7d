import type { Finding, PressureTimelineRow } from '../result.ts'
import { type Patient, type Rule, shown, shownMegabytes, thirdsOf, windowOf } from './rule.ts'
import { dndIgnored, manyDnd, rareSync, slowSync } from './sync-rules.ts'

/** Rates of single seconds jump; average over this many. */
const SPAN_SECONDS = 10
/** Throughput must have been at least this before its fall counts as a cliff. */
const LEAST_BEFORE_PER_SECOND = 5
const FELL_TO = 0.2
/** With fewer waiting there was little to send. */
const LEAST_WAITING = 50

interface Span {
  readonly from: number
  readonly perSecond: number
  /** Handed over minus delivered: proxies in trouble may not report what is pending. */
  readonly leastWaiting: number
}

/**
 * Deliveries nearly stop and stay that way although the queue is full: the proxy hit a limit of its own, such
 * as genro-mail-proxy's queue of 1,000 results, which nothing empties.
 */
const throughputCliff: Rule = ({ timeline, proxy }) => {
  const spans = spansOf(timeline)
  const last = spans.at(-1)
  const best = spans.reduce<Span | undefined>(
    (most, span) => (most === undefined || span.perSecond > most.perSecond ? span : most),
    undefined,
  )
  if (best === undefined || last === undefined || best.perSecond < LEAST_BEFORE_PER_SECOND) return undefined
  const isLow = (span: Span) =>
    span.perSecond < best.perSecond * FELL_TO && span.leastWaiting >= LEAST_WAITING
  if (!isLow(last)) return undefined
  const fall = spans.findLastIndex((span) => !isLow(span)) + 1
  const from = edgeOf(timeline, (spans[fall] as Span).from, best.perSecond)
  const before = delivered(timeline.slice(0, from))
  const after = delivered(timeline.slice(from)) / (timeline.length - from)
  return {
    rule: 'throughput-cliff',
    severity: 'critical',
    symptom: 'Throughput collapsed and did not recover',
    evidence: `fell from ${shown(best.perSecond)} deliveries a second to ${shown(after)} in second ${from}, after ${shown(before)} deliveries, with at least ${shown(last.leastWaiting)} messages waiting`,
    cause:
      proxy.implementation === 'genro-mail-proxy'
        ? 'Its queue of 1,000 delivery results is full: nobody reads it, so each further result waits 5 s'
        : 'A limit inside the proxy, or an SMTP server that stopped taking mail',
    action:
      proxy.implementation === 'genro-mail-proxy'
        ? 'Restart it every 1,000 messages, or embed it with result_queue_size=0'
        : 'Check the logs of the proxy and the SMTP server from that second on',
  }
}

/** A span's average falls before its first seconds do: the second after the last one that was still fast. */
function edgeOf(timeline: readonly PressureTimelineRow[], from: number, bestPerSecond: number): number {
  const span = timeline.slice(from, from + SPAN_SECONDS)
  return from + span.findLastIndex((row) => row.delivered >= bestPerSecond * FELL_TO) + 1
}

function delivered(rows: readonly PressureTimelineRow[]): number {
  return rows.reduce((sum, row) => sum + row.delivered, 0)
}

function spansOf(timeline: readonly PressureTimelineRow[]): Span[] {
  let waiting = 0
  const waitingAt = timeline.map((row) => {
    waiting += row.handed_over - row.delivered
    return waiting
  })
  const spans: Span[] = []
  for (let from = 0; from + SPAN_SECONDS <= timeline.length; from++) {
    const rows = timeline.slice(from, from + SPAN_SECONDS)
    spans.push({
      from,
      perSecond: delivered(rows) / SPAN_SECONDS,
      leastWaiting: Math.min(...waitingAt.slice(from, from + SPAN_SECONDS)),
    })
  }
  return spans
}

/** Several instances sent the same message, or a process died between sending and recording it. */
const duplicates: Rule = ({ verification, proxy }) => {
  const { duplicated, delivered } = verification
  if (duplicated === null || duplicated === 0) return undefined
  const several = proxy.instances > 1
  return {
    rule: 'duplicates',
    severity: 'critical',
    symptom: 'Messages delivered more than once',
    evidence: `${shown(duplicated)} surplus deliveries of ${shown(delivered ?? 0)} messages, with ${shown(proxy.instances)} ${several ? 'proxies' : 'proxy'} on the database; first ids: ${verification.duplicated_ids.slice(0, 3).join(', ')}`,
    cause: several
      ? 'Several instances take the same rows of the queue, which has no claim or lease'
      : 'A message was sent again although the server had accepted it: after a timeout, a crash or a lost connection',
    action: several
      ? 'Run one instance, or use a proxy that claims its messages (FOR UPDATE SKIP LOCKED with a lease)'
      : 'Look up the ids in the logs of the proxy and the SMTP server',
  }
}

/** A queue that grows by less is just the latest batch. */
const LEAST_QUEUE_GROWTH = 50
const LEAST_QUEUE_FACTOR = 1.5

/** More comes in than goes out: the queue grows from one third of the window to the next. */
const pendingGrowing: Rule = (run) => {
  const rows = windowOf(run)
  const thirds = thirdsOf(rows.map(({ pending }) => pending))
  if (thirds === undefined) return undefined
  const { first, middle, last } = thirds
  const grows = last > middle && middle > first
  if (!grows || last - first < LEAST_QUEUE_GROWTH || last < first * LEAST_QUEUE_FACTOR) return undefined
  const perSecond = (last - first) / ((rows.length * 2) / 3)
  const { drain_seconds: drainSeconds, peak_pending: peak } = run.metrics
  const left = run.verification.still_queued ?? 0
  const end = left > 0 ? `${shown(left)} were never sent` : `it drained in ${shown(drainSeconds)} s`
  return {
    rule: 'pending-growing',
    severity: left > 0 ? 'critical' : 'warning',
    symptom: 'Pending messages growing',
    evidence: `${shown(first)} pending on average in the first third of the window, ${shown(last)} in the last (${shown(perSecond)} more each second), at most ${shown(peak ?? last)}; ${end}`,
    cause: 'SMTP or dispatch bottleneck: messages arrive faster than the server accepts them',
    action:
      'Raise GMP_BATCH_SIZE_PER_ACCOUNT and GMP_POOL_SIZE, add proxies, and check how fast the SMTP server replies',
  }
}

const MEGABYTE = 1024 ** 2
/** The memory limit of the proxy's container in genro-mail-proxy's pressure test. */
const LIMIT_BYTES = 512 * MEGABYTE
const LEAST_GROWTH_BYTES = 64 * MEGABYTE
/** The test process grows while its code is compiled, and holds the books of all tenants. */
const LEAST_TEST_GROWTH_BYTES = 256 * MEGABYTE
const LEAST_MEMORY_FACTOR = 1.3

const PROXIES = 'the proxies'

/** Memory of the proxies' own processes, or of the test process when the proxies run inside it. */
function memoryOf(run: Patient): { readonly whose: string; readonly bytes: (number | null)[] } {
  const ofProxies = windowOf(run).map((row) => row.proxy_memory_bytes)
  if (ofProxies.some((bytes) => bytes !== null)) return { whose: PROXIES, bytes: ofProxies }
  return {
    whose: 'the test process, proxy and tenants included',
    bytes: windowOf(run).map((row) => row.test_process_memory_bytes),
  }
}

/** Memory grows from one third of the window to the next, or exceeds the limit of a proxy's container. */
const memoryGrowing: Rule = (run) => {
  const { whose, bytes } = memoryOf(run)
  const thirds = thirdsOf(bytes)
  if (thirds === undefined) return undefined
  const { first, middle, last } = thirds
  const peak = bytes.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  const grows = last > middle && middle > first
  const least = whose === PROXIES ? LEAST_GROWTH_BYTES : LEAST_TEST_GROWTH_BYTES
  const isGrowing = grows && last - first >= least && last >= first * LEAST_MEMORY_FACTOR
  // The test process also holds Vitest and every tenant's books, so only its growth means anything.
  const isHigh = whose === PROXIES && peak > LIMIT_BYTES * run.proxy.instances
  if (!isGrowing && !isHigh) return undefined
  const course = `${shownMegabytes(first)} on average in the first third of the window, ${shownMegabytes(last)} in the last`
  return {
    rule: 'memory-growing',
    severity: isHigh ? 'critical' : 'warning',
    symptom: isGrowing ? 'Memory growing' : 'High memory usage',
    evidence: `${whose}: ${course}, at most ${shownMegabytes(peak)}${isHigh ? `, above ${shownMegabytes(LIMIT_BYTES)} per proxy` : ''}`,
    cause: 'Large attachments or queued messages accumulate',
    action:
      'Enable the disk cache (GMP_CACHE_DISK_DIR), lower GMP_CACHE_MEMORY_MAX_MB and GMP_MAX_IN_FLIGHT, or reduce attachment sizes',
  }
}

const LEAST_FETCHES = 20
const LOW_HIT_RATE = 0.2
const LOW_SPARED = 0.8

const percent = (share: number) => `${shown(share * 100)} %`

/** Few attachments come from the cache: few repeat, or the cache does not keep them. */
const lowCache: Rule = (run) => {
  const { cache_hit_rate: hitRate, delivery_cache_hit_rate: spared, attachments_served: served } = run.metrics
  if (served < LEAST_FETCHES) return undefined
  const isLow = hitRate !== null && hitRate < LOW_HIT_RATE
  const isLeaky = spared !== null && spared < LOW_SPARED
  if (!isLow && !isLeaky) return undefined
  const figures = [
    hitRate === null ? 'the proxy counts no lookups' : `${percent(hitRate)} of the proxy's lookups were hits`,
    `${percent(repeatedShare(run))} of the attachments repeated an earlier one`,
    spared === null ? undefined : `${percent(spared)} of the avoidable fetches were avoided`,
    `${shown(served)} fetches`,
  ]
  const common = {
    rule: 'low-cache-hit-rate',
    severity: 'warning',
    symptom: 'Low cache hit rate',
    evidence: figures.filter((text) => text !== undefined).join(', '),
  } as const
  if (!isLeaky)
    return {
      ...common,
      cause: 'Not enough repeated attachments',
      action: 'Increase ATTACHMENT_CACHE_HIT_RATE',
    }
  return {
    ...common,
    cause: 'The cache is off or too small: repeated attachments are fetched again',
    action:
      'Set GMP_CACHE_DISK_DIR (genro-mail-proxy has no cache without it), or raise GMP_CACHE_DISK_MAX_MB and the TTLs',
  }
}

/** Weighted by the number of messages each tenant generated. */
function repeatedShare({ tenants }: Patient): number {
  const known = tenants.filter((row) => row.generation_cache_hit_rate !== null)
  const messages = known.reduce((sum, row) => sum + row.messages_generated, 0)
  if (messages === 0) return 0
  return (
    known.reduce((sum, row) => sum + (row.generation_cache_hit_rate ?? 0) * row.messages_generated, 0) /
    messages
  )
}

/** Warning signs of genro-mail-proxy's pressure test, and known weaknesses of that proxy. */
const RULES: readonly Rule[] = [
  throughputCliff,
  duplicates,
  pendingGrowing,
  memoryGrowing,
  slowSync,
  rareSync,
  dndIgnored,
  manyDnd,
  lowCache,
]

/** The warning signs in the figures of a run; critical ones first. */
export function diagnose(run: Patient): Finding[] {
  const found = RULES.flatMap((rule) => rule(run) ?? [])
  return found.toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'))
}
