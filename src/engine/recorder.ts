import { type Clock, systemClock } from './clock.ts'
import { CustomMetrics, type MetricKinds } from './custom-metrics.ts'
import { FailureKinds } from './failure-kinds.ts'
import { EMPTY_HISTOGRAM, Histogram, type SparseHistogram } from './histogram.ts'
import {
  addSlowRecipients,
  type BehindTheEndRecording,
  type Recording,
  type SessionCapRecording,
  type SlowRecipientsRecording,
} from './recording.ts'
import type { Failure, Sample } from './sample.ts'

interface EndedTally {
  accepted: number
  deferred: number
  rejected: number
  failed: number
  acceptedBytes: number
}

interface SecondTally extends EndedTally {
  started: number
  sessionsOpened: number
  brokenOff?: number
  responseTime: SparseHistogram
}

const noneEnded = (): EndedTally => ({ accepted: 0, deferred: 0, rejected: 0, failed: 0, acceptedBytes: 0 })

export interface RecorderOptions {
  /** Clock milliseconds of the start, from which seconds of the timeline count. */
  readonly startMs: number
  readonly phaseCount: number
  readonly targetCount: number
  /** Metrics that hooks record; none by default. */
  readonly metrics?: MetricKinds
  /** Tells when a gauge got its value. */
  readonly clock?: Pick<Clock, 'nowMs'>
}

/** Samples → histograms, counters and a timeline by second. Its memory does not grow with their number. */
export class Recorder {
  readonly custom: CustomMetrics
  readonly #startMs: number
  readonly #responseTime = new Histogram()
  readonly #serviceTime = new Histogram()
  readonly #lag = new Histogram()
  readonly #phases: readonly Histogram[]
  readonly #targets: readonly (EndedTally & { histogram: Histogram })[]
  readonly #failures = new FailureKinds()
  readonly #seconds: SecondTally[] = []
  /** The second of the timeline that is being recorded. */
  #openSecond = 0
  readonly #openHistogram = new Histogram()
  #recipientsRefused = 0
  readonly #recipientFailures = new FailureKinds()
  readonly #sessionFailures = new FailureKinds()
  readonly #sessionCaps = new Map<number, SessionCapRecording>()
  readonly #behindTheEnd = new Map<number, BehindTheEndRecording>()
  readonly #slowRecipients = new Map<number, SlowRecipientsRecording>()
  /** By phase. */
  readonly #brokenOff = new Map<string, number>()
  #reconnects = 0
  #lastStartMs = 0
  #lastEndMs = 0

  constructor(options: RecorderOptions) {
    const { startMs, clock = systemClock, metrics = {} } = options
    this.#startMs = startMs
    this.custom = new CustomMetrics(metrics, () => clock.nowMs() - startMs)
    this.#phases = Array.from({ length: options.phaseCount }, () => new Histogram())
    this.#targets = Array.from({ length: options.targetCount }, () => ({
      ...noneEnded(),
      histogram: new Histogram(),
    }))
  }

  record(sample: Sample): void {
    this.recordAttempt(sample)
    this.recordOutcome(sample, sample.sentMs)
  }

  /** Times of one attempt. */
  recordAttempt(sample: Sample): void {
    this.#serviceTime.record(sample.endedMs - sample.sentMs)
    for (let phase = 0; phase < this.#phases.length; phase++) {
      const ms = sample.phasesMs[phase] as number
      if (!Number.isNaN(ms)) (this.#phases[phase] as Histogram).record(ms)
    }
  }

  /** The client of a message was told to break off: no failure of the target. */
  recordBrokenOff(sample: Sample, sentMs: number): void {
    const phase = sample.failure?.phase ?? ''
    this.#brokenOff.set(phase, (this.#brokenOff.get(phase) ?? 0) + 1)
    this.#recordTimes(sentMs, sample.endedMs)
    const second = this.#second(sample.endedMs - this.#startMs)
    second.brokenOff = (second.brokenOff ?? 0) + 1
  }

  /** How a message ended, by its last attempt; `sentMs`: when its first one began. */
  recordOutcome(sample: Sample, sentMs: number): void {
    const responseMs = sample.endedMs - sample.dueMs
    this.#responseTime.record(responseMs)
    const target = this.#targets[sample.target]
    if (target === undefined) throw new RangeError(`sample of unknown target ${sample.target}`)
    target.histogram.record(responseMs)
    tally(target, sample)
    this.#recordSecond(sample, sentMs, responseMs)
    const endedMs = sample.endedMs - this.#startMs
    if (sample.failure !== undefined) {
      this.#failures.record(sample.failure, sample.target, sample.outcome, endedMs)
    }
    if (sample.recipientsRefused === 0) return
    this.#recipientsRefused += sample.recipientsRefused
    for (const failure of sample.recipientFailures ?? [])
      this.#recipientFailures.record(failure, sample.target, failure.outcome, endedMs)
  }

  /** A phase that belongs to no message, such as QUIT. */
  recordPhase(phase: number, ms: number): void {
    this.#phases[phase]?.record(ms)
  }

  recordLag(lagMs: number): void {
    this.#lag.record(lagMs)
  }

  /** A session that ended badly after its messages had their outcomes: at RSET or QUIT. */
  recordSessionFailure(failure: Failure, target: number, atMs: number): void {
    this.#sessionFailures.record(failure, target, 'failed', atMs - this.#startMs)
  }

  /** A message goes to a new session because the target had ended the one that it was for. */
  recordReconnect(): void {
    this.#reconnects++
  }

  /** How many messages a target takes in a session, as far as is known; undefined: no limit was seen. */
  recordSessionCap(target: number, cap: Omit<SessionCapRecording, 'target'> | undefined): void {
    if (cap === undefined) this.#sessionCaps.delete(target)
    else this.#sessionCaps.set(target, { target, ...cap })
  }

  /** A target does not handle what is written with the end of a message. */
  recordBehindTheEnd(target: number, finding: Omit<BehindTheEndRecording, 'target'>): void {
    this.#behindTheEnd.set(target, { target, ...finding })
  }

  /** A target let recipients of a message wait for its answer. */
  recordSlowRecipients(slow: Omit<SlowRecipientsRecording, 'target'>, target: number): void {
    const known = this.#slowRecipients.get(target)
    const one = { target, ...slow }
    this.#slowRecipients.set(target, known === undefined ? one : addSlowRecipients(known, one))
  }

  recordSessionOpened(atMs: number): void {
    this.#second(atMs - this.#startMs).sessionsOpened++
  }

  #recordSecond(sample: Sample, sentMs: number, responseMs: number): void {
    const endedMs = this.#recordTimes(sentMs, sample.endedMs)
    tally(this.#second(endedMs), sample)
    const second = secondOf(endedMs)
    if (second > this.#openSecond) this.#closeSecond(second)
    this.#openHistogram.record(responseMs)
  }

  #recordTimes(sentAtMs: number, endedAtMs: number): number {
    const startedMs = sentAtMs - this.#startMs
    const endedMs = endedAtMs - this.#startMs
    if (startedMs > this.#lastStartMs) this.#lastStartMs = startedMs
    if (endedMs > this.#lastEndMs) this.#lastEndMs = endedMs
    this.#second(startedMs).started++
    return endedMs
  }

  /** Samples arrive in the order of their ends: a second that has passed is complete. */
  #closeSecond(next: number): void {
    this.#second(this.#openSecond * 1000).responseTime = this.#openHistogram.toSparse()
    this.#openHistogram.reset()
    this.#openSecond = next
  }

  #second(elapsedMs: number): SecondTally {
    const second = secondOf(elapsedMs)
    while (this.#seconds.length <= second) {
      this.#seconds.push({ ...noneEnded(), started: 0, sessionsOpened: 0, responseTime: EMPTY_HISTOGRAM })
    }
    return this.#seconds[second] as SecondTally
  }

  /** A copy of all so far; recording goes on. */
  snapshot(): Recording {
    const seconds = this.#seconds.map((second) => ({ ...second }))
    const open = seconds[this.#openSecond]
    if (open !== undefined) open.responseTime = this.#openHistogram.toSparse()
    return {
      responseTime: this.#responseTime.toSparse(),
      serviceTime: this.#serviceTime.toSparse(),
      lag: this.#lag.toSparse(),
      phases: this.#phases.map((phase) => phase.toSparse()),
      targets: this.#targets.map(({ histogram, ...counts }) => ({
        ...counts,
        responseTime: histogram.toSparse(),
      })),
      failures: this.#failures.rows(),
      seconds,
      custom: this.custom.snapshot(),
      recipientsRefused: this.#recipientsRefused,
      recipientFailures: this.#recipientFailures.rows(),
      reconnects: this.#reconnects,
      sessionFailures: this.#sessionFailures.rows(),
      sessionCaps: [...this.#sessionCaps.values()],
      lastStartMs: this.#lastStartMs,
      lastEndMs: this.#lastEndMs,
      ...(this.#slowRecipients.size === 0 ? {} : { slowRecipients: [...this.#slowRecipients.values()] }),
      ...(this.#behindTheEnd.size === 0 ? {} : { behindTheEnd: [...this.#behindTheEnd.values()] }),
      ...(this.#brokenOff.size === 0 ? {} : { brokenOff: Object.fromEntries(this.#brokenOff) }),
    }
  }
}

function secondOf(elapsedMs: number): number {
  return Math.max(0, Math.floor(elapsedMs / 1000))
}

function tally(counts: EndedTally, sample: Sample): void {
  counts[sample.outcome]++
  if (sample.outcome === 'accepted') counts.acceptedBytes += sample.bytes
}
