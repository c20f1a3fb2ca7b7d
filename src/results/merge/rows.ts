import { failureRows, kindsOfRows, mergeFailureKinds } from '../../engine/failure-kinds.ts'
import { mergeSessionCaps } from '../../engine/recording.ts'
import type {
  FailureRow,
  GeneratorResult,
  LedgerResult,
  ResourceUsage,
  Result,
  RetriesResult,
  ServerRow,
  TimelineRow,
} from '../../engine/result.ts'
import { mergeAccounts } from './accounts.ts'
import { mergeLatencies } from './latency.ts'
import type { Share } from './share.ts'

/** One row per server, matched by address: generators may use different names. */
export function mergeServers(shares: readonly Share[]): ServerRow[] {
  const rows = shares.flatMap(({ result }) => result.per_server)
  const groups = grouped(rows, ({ name, host, port }) => `${name} ${host}:${port}`)
  return groups.map(([first, ...others]) => others.reduce(mergeTwoServers, first))
}

function mergeTwoServers(a: ServerRow, b: ServerRow): ServerRow {
  const peaks = [a.peak_connections, b.peak_connections].filter((peak) => peak !== undefined)
  return {
    ...a,
    accepted: a.accepted + b.accepted,
    deferred: a.deferred + b.deferred,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    bytes: a.bytes + b.bytes,
    response_time_ms: mergeLatencies([a.response_time_ms, b.response_time_ms]),
    ...(b.ended === undefined || a.ended !== undefined ? {} : { ended: b.ended }),
    // The server counts all its connections, whoever opened them.
    ...(peaks.length === 0 ? {} : { peak_connections: Math.max(...peaks) }),
  }
}

/** Failures of one kind at one target become one row, with times on the first generator's axis. */
export function mergeFailureRows(shares: readonly Share[]): FailureRow[] {
  const parts = shares.map(({ result, offsetMs }) => kindsOfRows(result.failures, offsetMs))
  return failureRows(mergeFailureKinds(parts), (target) => target)
}

/** Refused recipients, reconnects and failed sessions of all generators. */
export function mergeAsides(
  shares: readonly Share[],
): Required<Pick<Result, 'refused_recipients' | 'session_failures' | 'session_caps'>> &
  Pick<Result, 'pipelining' | 'retries' | 'broken_off' | 'idle_sessions' | 'slow_recipients'> {
  const merged = (of: (result: Result) => readonly FailureRow[] | undefined) => {
    const parts = shares.map(({ result, offsetMs }) => kindsOfRows(of(result) ?? [], offsetMs))
    return failureRows(mergeFailureKinds(parts), (target) => target)
  }
  const caps = shares.flatMap(({ result }) => result.session_caps ?? [])
  return {
    refused_recipients: merged((result) => result.refused_recipients),
    session_failures: merged((result) => result.session_failures),
    session_caps: mergeSessionCaps(caps),
    ...mergePipelining(shares),
    ...mergeSlowRecipientRows(shares),
    ...mergeRetryResults(shares, merged),
    ...mergeBrokenOff(shares),
    ...mergeIdleResults(shares, merged),
  }
}

function mergeSlowRecipientRows(shares: readonly Share[]): Pick<Result, 'slow_recipients'> {
  const rows = shares.flatMap(({ result }) => result.slow_recipients ?? [])
  if (rows.length === 0) return {}
  const merged = grouped(rows, ({ target }) => target).map(([first, ...others]) => ({
    target: first.target,
    answered: others.reduce((sum, row) => sum + row.answered, first.answered),
    refused: others.reduce((sum, row) => sum + row.refused, first.refused),
    unanswered: others.reduce((sum, row) => sum + row.unanswered, first.unanswered),
    longest_ms: others.reduce((most, row) => Math.max(most, row.longest_ms), first.longest_ms),
  }))
  return { slow_recipients: merged }
}

function mergeIdleResults(
  shares: readonly Share[],
  merged: (of: (result: Result) => readonly FailureRow[] | undefined) => FailureRow[],
): Pick<Result, 'idle_sessions'> {
  const all = shares.flatMap(({ result }) => result.idle_sessions ?? [])
  if (all.length === 0) return {}
  const sum = (of: 'asked' | 'opened' | 'ended') => all.reduce((total, each) => total + each[of], 0)
  return {
    idle_sessions: {
      ...{ asked: sum('asked'), opened: sum('opened'), ended: sum('ended') },
      renewed: all.reduce((total, { renewed = 0 }) => total + renewed, 0),
      limits: grouped(
        all.flatMap(({ limits = [] }) => limits),
        ({ target }) => target,
      ).map(([first, ...others]) =>
        others.reduce((least, one) => (one.after_seconds < least.after_seconds ? one : least), first),
      ),
      ended_after_ms: mergeLatencies(all.map((each) => each.ended_after_ms)),
      failures: merged((result) => result.idle_sessions?.failures),
    },
  }
}

function mergeBrokenOff(shares: readonly Share[]): Pick<Result, 'broken_off'> {
  const all = shares.flatMap(({ result }) => Object.entries(result.broken_off ?? {}))
  if (all.length === 0) return {}
  const phases: Record<string, number> = {}
  for (const [phase, messages] of all) phases[phase] = (phases[phase] ?? 0) + messages
  return { broken_off: phases }
}

function mergeRetryResults(
  shares: readonly Share[],
  merged: (of: (result: Result) => readonly FailureRow[] | undefined) => FailureRow[],
): Pick<Result, 'retries'> {
  const all = shares.flatMap(({ result }) => result.retries ?? [])
  const [one] = all
  if (one === undefined) return {}
  const sum = (of: (retries: RetriesResult) => number) => all.reduce((total, each) => total + of(each), 0)
  const [accepted, deferred] = [sum((r) => r.first_attempt.accepted), sum((r) => r.first_attempt.deferred)]
  const [rejected, failed] = [sum((r) => r.first_attempt.rejected), sum((r) => r.first_attempt.failed)]
  const begun = accepted + deferred + rejected + failed
  const success_rate = begun === 0 ? 0 : accepted / begun
  return {
    retries: {
      delays_seconds: one.delays_seconds,
      attempts: sum((retries) => retries.attempts),
      first_attempt: { accepted, deferred, rejected, failed, success_rate },
      accepted_by: one.accepted_by.map((_, at) => sum((retries) => retries.accepted_by[at] ?? 0)),
      cut_off: sum((retries) => retries.cut_off),
      failures: merged((result) => result.retries?.failures),
    },
  }
}

/** Each generator tries the servers for itself: each finding once, with the messages of all trials. */
function mergePipelining(shares: readonly Share[]): Pick<Result, 'pipelining'> {
  const rows = shares.flatMap(({ result }) => result.pipelining ?? [])
  if (rows.length === 0) return {}
  const same = grouped(rows, ({ target, used, why, sent_again: again }) =>
    JSON.stringify([target, used, why, again === undefined]),
  )
  return {
    pipelining: same.map(([first, ...others]) => ({
      ...first,
      trial_messages: others.reduce((sum, row) => sum + row.trial_messages, first.trial_messages),
      ...(first.sent_again === undefined
        ? {}
        : { sent_again: others.reduce((sum, row) => sum + (row.sent_again ?? 0), first.sent_again) }),
    })),
  }
}

type NotEmpty<T> = readonly [T, ...T[]]

/** Groups rows by key, in order of first appearance. */
function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): NotEmpty<T>[] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return [...groups.values()]
}

/**
 * Use of what each generator booted and watched. Two generators may have given the same name to different
 * servers.
 */
export function mergeUsage(shares: readonly Share[]): Record<string, ResourceUsage> {
  const merged: Record<string, ResourceUsage> = {}
  for (const { result, split } of shares) {
    for (const [name, usage] of Object.entries(result.resource_usage)) {
      merged[Object.hasOwn(merged, name) ? `${name} (generator ${split.index})` : name] = usage
    }
  }
  return merged
}

const MAX_IDS = 20

/**
 * Each part of a load asked the servers only for its own ids, so counts add up. `nameOf`: which part the reason
 * belongs to when one could not be verified; by default it is not named.
 */
export function mergeLedgers(
  ledgers: readonly LedgerResult[],
  nameOf?: (index: number) => string,
): LedgerResult {
  const sum = (name: 'received' | 'lost' | 'duplicated' | 'corrupted' | 'unacknowledged') =>
    ledgers.reduce<number | null>(
      (total, { [name]: count }) => (total === null || count === null ? null : total + count),
      0,
    )
  const ids = (name: 'lost_ids' | 'duplicated_ids' | 'corrupted_ids') =>
    ledgers.flatMap((ledger) => ledger[name]).slice(0, MAX_IDS)
  const account = mergeAccounts(ledgers)
  const unverified = ledgers.findIndex(({ verified }) => !verified)
  const whyNot = ledgers[unverified]?.why_not ?? 'a part of the load could not be verified'
  const why = nameOf === undefined ? whyNot : `${nameOf(unverified)}: ${whyNot}`
  return {
    verified: unverified === -1,
    ...(unverified === -1 ? {} : { why_not: why }),
    acknowledged: ledgers.reduce((total, { acknowledged }) => total + acknowledged, 0),
    received: sum('received'),
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    corrupted: sum('corrupted'),
    unacknowledged: sum('unacknowledged'),
    lost_ids: ids('lost_ids'),
    duplicated_ids: ids('duplicated_ids'),
    corrupted_ids: ids('corrupted_ids'),
    ...(account === undefined ? {} : { account }),
  }
}

/**
 * The seconds of all generators on the first one's axis, each shifted by whole seconds. Counts add up; before
 * its start and after its end a generator has nothing in flight.
 */
export function mergeTimelines(shares: readonly Share[]): TimelineRow[] {
  const rowsAt = new Map<number, TimelineRow[]>()
  for (const { result, offsetMs } of shares) {
    const shift = Math.round(offsetMs / 1000)
    for (const row of result.timeline) {
      const second = row.second + shift
      const rows = rowsAt.get(second)
      if (rows === undefined) rowsAt.set(second, [row])
      else rows.push(row)
    }
  }
  // Not Math.max(...): a run of two days has more seconds than a call takes arguments.
  let last = -1
  for (const second of rowsAt.keys()) last = Math.max(last, second)
  const seconds = last + 1
  return Array.from({ length: seconds }, (_, second) => mergeRows(second, rowsAt.get(second) ?? []))
}

function mergeRows(second: number, rows: readonly TimelineRow[]): TimelineRow {
  const sum = (of: (row: TimelineRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    second,
    due: sum((row) => row.due),
    started: sum((row) => row.started),
    accepted: sum((row) => row.accepted),
    deferred: sum((row) => row.deferred),
    rejected: sum((row) => row.rejected),
    failed: sum((row) => row.failed),
    bytes: sum((row) => row.bytes),
    in_flight: sum((row) => row.in_flight),
    queued: sum((row) => row.queued),
    response_time_ms: mergeLatencies(rows.map((row) => row.response_time_ms)),
    sessions_opened: sum((row) => row.sessions_opened),
  }
}

/** All generators as one: work adds up, of delays the worst counts. */
export function mergeGenerators(shares: readonly Share[]): GeneratorResult {
  const all = shares.map(({ result }) => result.generator)
  const worst = (of: (generator: GeneratorResult) => number) =>
    all.reduce((most, generator) => Math.max(most, of(generator)), 0)
  return {
    threads: all.reduce((sum, { threads }) => sum + threads, 0),
    cpu_percent: all.reduce((sum, { cpu_percent: percent }) => sum + percent, 0),
    scheduling_lag_ms: mergeLatencies(all.map(({ scheduling_lag_ms: lag }) => lag)),
    event_loop_delay_ms: {
      p50: worst(({ event_loop_delay_ms: delay }) => delay.p50),
      p99: worst(({ event_loop_delay_ms: delay }) => delay.p99),
      max: worst(({ event_loop_delay_ms: delay }) => delay.max),
    },
    bound: all.some(({ bound }) => bound),
    bound_reasons: boundReasons(shares),
  }
}

/**
 * Each reason once, with the generators it applies to: `generator 0, 2: all 2 cores of this machine were busy`.
 */
function boundReasons(shares: readonly Share[]): string[] {
  const holders = new Map<string, number[]>()
  for (const { result, split } of shares)
    for (const reason of result.generator.bound_reasons)
      holders.set(reason, [...(holders.get(reason) ?? []), split.index])
  return [...holders].map(([reason, indexes]) => `generator ${indexes.join(', ')}: ${reason}`)
}

/** Cores and memory add up only over different machines; generators on one machine share them. */
export function mergeMachines(shares: readonly Share[]): Result['machine'] {
  const different = new Map(shares.map(({ result: { machine } }) => [JSON.stringify(machine), machine]))
  const machines = [...different.values()]
  const joined = (of: (machine: Result['machine']) => string) => [...new Set(machines.map(of))].join(' and ')
  return {
    cpu: joined(({ cpu }) => cpu),
    cores: machines.reduce((sum, { cores }) => sum + cores, 0),
    memory_bytes: machines.reduce((sum, { memory_bytes: bytes }) => sum + bytes, 0),
    os: joined(({ os }) => os),
  }
}

/** Time between the first and last start, which limits how exact a merged timeline is. */
export function startSkewMs(shares: readonly Share[]): number {
  return shares.reduce((most, { offsetMs }) => Math.max(most, offsetMs), 0)
}

export function missingGenerators(shares: readonly Share[]): number[] {
  const present = new Set(shares.map(({ split }) => split.index))
  const expected = shares[0]?.split.generators ?? 0
  return Array.from({ length: expected }, (_, index) => index).filter((index) => !present.has(index))
}
