import { BroadcastChannel } from 'node:worker_threads'
import { MailstormError } from '../../error.ts'
import { Acknowledgements } from '../../ledger/acknowledgements.ts'
import { Receipts, type ReceiptsData } from '../../ledger/receipts.ts'
import type { MailPlan } from '../../mail/mail.ts'
import { PHASES } from '../../smtp/target.ts'
import { systemClock } from '../clock.ts'
import type { Pacer } from '../executors/executor.ts'
import { createPacer } from '../executors/registry.ts'
import { type Reach, reachOf } from '../measurement.ts'
import { brokenOffIn, mergeRecordings, type Recording } from '../recording.ts'
import { type Agreement, type LoadPlan, mailPlanOf, type WatchLimits } from './plan.ts'
import type { SenderPool } from './pool.ts'
import {
  channelName,
  type LoopDelay,
  RunControl,
  type RunMessage,
  type ThreadMeasure,
  type WorkerDone,
} from './run-control.ts'
import { Heartbeats, type Trouble, troubleText, watchLimits } from './watchdog.ts'

/** All threads' measures of a run together. */
export interface Measured {
  readonly recording: Recording
  readonly receipts: ReceiptsData
  readonly elapsedMs: number
  /** When it was told to end early, ms after its start; undefined when it was not. */
  readonly stoppedAtMs: number | undefined
  /** What has become of the messages that have no outcome, once the run has ended. */
  readonly reach: Reach
  /** Of the busiest thread. */
  readonly threadCpuMs: number
  readonly loopDelayMs: LoopDelay
  /** Set when workers did not end, or a thread answered no more: which, and where. */
  readonly silence?: string
  /** Set when a thread failed: what it had not yet told is missing here. */
  readonly threadError?: Error
  /** Set when a hook of the scenario failed: its metrics are incomplete. */
  readonly hookError?: string
}

/** Between the order to start and the start, for all tasks to reach their threads. */
const START_LEAD_MS = 30

/** One run of a plan on the pool's threads. */
export class LoadRun {
  readonly plan: LoadPlan
  readonly #agreed: Agreement
  readonly pacer: Pacer
  /** When each message was acknowledged, when that is looked at behind the servers. */
  readonly acknowledged: Acknowledgements | undefined
  readonly #control = new RunControl()
  readonly #channel: BroadcastChannel
  readonly #measures = new Map<string, ThreadMeasure>()
  readonly #finalParts = new Set<string>()
  readonly #workers: ReadonlyMap<number, Promise<WorkerDone>>
  readonly #unfinished: Set<number>
  readonly #heartbeats: Heartbeats
  readonly #look: NodeJS.Timeout
  /** Resolves when workers that do not end are no longer waited for. */
  readonly #givenUp = Promise.withResolvers<void>()
  #grace: NodeJS.Timeout | undefined
  #silence: string | undefined
  #threadError: Error | undefined
  #stoppedMs: number | undefined
  #endedMs: number | undefined

  /** Starts at once; `workers` are the numbers of those that take part, all of them by default. */
  constructor(
    pool: Pick<SenderPool, 'run'>,
    plan: LoadPlan,
    workers: readonly number[] = allWorkers(plan),
    watch: WatchLimits = watchLimits(plan),
  ) {
    this.pacer = createPacer(plan.schedule, plan.split)
    const startMs = Math.max(plan.startAtMs ?? 0, systemClock.nowMs() + START_LEAD_MS)
    this.plan = plan
    const dateMs = Math.round(Date.now() + startMs - systemClock.nowMs())
    this.acknowledged = plan.verified ? Acknowledgements.for(this.pacer.total) : undefined
    const acknowledged = this.acknowledged && { acknowledged: this.acknowledged.memory }
    this.#agreed = { startMs, dateMs, control: this.#control.memory, ...acknowledged, watch }
    this.#heartbeats = new Heartbeats(watch)
    this.#unfinished = new Set(workers)
    this.#channel = new BroadcastChannel(channelName(plan.runId))
    this.#channel.onmessage = (event) => this.#receive((event as { data: RunMessage }).data)
    this.#workers = new Map(workers.map((worker) => [worker, this.#work(pool, worker)]))
    this.#look = setInterval(() => this.#lookForTrouble(), watch.everyMs)
    void this.finished().then(() => this.#close())
  }

  /** Messages of the plan; where time alone ends it, those that were claimed so far. */
  get planned(): number {
    return Number.isFinite(this.pacer.total) ? this.pacer.total : this.#control.claimed(this.pacer.total)
  }

  get isOver(): boolean {
    return this.#endedMs !== undefined
  }

  /** Workers that take part. */
  get workerCount(): number {
    return this.#workers.size
  }

  /** When it starts or did, in clock milliseconds. */
  get startMs(): number {
    return this.#agreed.startMs
  }

  /** The same as milliseconds since 1970, with a fraction, by the clock that stamps what arrives on this machine. */
  get startsAtMs(): number {
    return performance.timeOrigin + performance.now() + this.startMs - systemClock.nowMs()
  }

  /** The same by the wall clock. */
  get startsAt(): Date {
    return new Date(Date.now() + this.startMs - systemClock.nowMs())
  }

  /** What its messages are, for those who look for them behind the server. */
  get mailPlan(): MailPlan {
    return mailPlanOf(this.plan, this.#agreed)
  }

  /** How one worker ended; rejects when its thread failed, or when it did not end. */
  worker(worker: number): Promise<WorkerDone> {
    const done = this.#workers.get(worker)
    if (done === undefined) throw new RangeError(`worker ${worker} is not part of this run`)
    const silent = this.#givenUp.promise.then(() => {
      throw new MailstormError('WORKER_SILENT', `Failed to end worker ${worker + 1}: ${this.#silence}.`)
    })
    return Promise.race([done, silent])
  }

  /** Workers were left behind: the threads that they are on are of no more use. */
  get leftWorkersBehind(): boolean {
    return this.#endedMs !== undefined && this.#unfinished.size > 0
  }

  /** Resolves when all workers have ended, however they did, or are given up. */
  async finished(): Promise<Measured> {
    await Promise.race([Promise.allSettled(this.#workers.values()), this.#givenUp.promise])
    this.#endedMs ??= systemClock.nowMs()
    return this.measured()
  }

  /** All that was measured so far; at most a second old until the run has finished. */
  measured(): Measured {
    const measures = [...this.#measures.values()]
    const receipts = new Receipts({ planned: this.planned, targetCount: this.plan.targets.length })
    for (const measure of measures) receipts.merge(measure.receipts)
    const hookError = measures.find((measure) => measure.hookError !== undefined)?.hookError
    const recordings = measures.map((measure) => measure.recording)
    const recording = mergeRecordings(recordings, PHASES.length, this.plan.targets.length)
    const { startMs } = this
    const stoppedAtMs = this.#stoppedMs === undefined ? undefined : Math.max(0, this.#stoppedMs - startMs)
    return {
      recording,
      receipts: receipts.toData(),
      elapsedMs: Math.max(0, (this.#endedMs ?? systemClock.nowMs()) - startMs),
      stoppedAtMs,
      reach: reachOf({
        pacer: this.pacer,
        planned: this.planned,
        claimed: this.#control.claimed(this.pacer.total),
        heldBack: measures.reduce((sum, { heldBack }) => sum + heldBack, 0),
        ended: recording.responseTime.count + brokenOffIn(recording),
        stoppedAtMs,
      }),
      threadCpuMs: Math.max(0, ...measures.map((measure) => measure.cpuMs)),
      loopDelayMs: worstDelay(measures),
      ...(this.#silence === undefined ? {} : { silence: this.#silence }),
      ...(this.#threadError === undefined ? {} : { threadError: this.#threadError }),
      ...(hookError === undefined ? {} : { hookError }),
    }
  }

  /** Starts no more messages; with `abort` ends those in flight too, as failed of class `aborted`. */
  stop(options: { abort: boolean }): void {
    if (this.#endedMs !== undefined) return
    this.#stoppedMs ??= systemClock.nowMs()
    this.#control.give(options.abort ? 'abort' : 'stop')
    this.#channel.postMessage({ type: 'order' } satisfies RunMessage)
    if (options.abort) this.#grace ??= setTimeout(() => this.#giveUp(), this.#agreed.watch.graceMs)
  }

  /** Ends the run when its threads cannot: nothing else would. */
  #lookForTrouble(): void {
    const trouble = this.#heartbeats.look(this.#unfinished)
    if (trouble === undefined || this.#silence !== undefined) return
    this.#silence = this.#textOf(trouble)
    this.stop({ abort: true })
  }

  #giveUp(): void {
    if (this.#endedMs !== undefined) return
    const sessions = this.#heartbeats.hanging(this.#unfinished)
    const workers = [...this.#unfinished]
    this.#silence ??= this.#textOf(
      sessions.length > 0 ? { kind: 'hangs', sessions } : { kind: 'blocked', threads: [], workers },
    )
    this.#givenUp.resolve()
  }

  #textOf(trouble: Trouble): string {
    const targetNames = this.plan.targets.map(({ name }) => name)
    return troubleText(trouble, { targetNames, nowMs: systemClock.nowMs() })
  }

  async #work(pool: Pick<SenderPool, 'run'>, worker: number): Promise<WorkerDone> {
    try {
      const done = await pool.run({ plan: this.plan, agreed: this.#agreed, worker })
      if (done.measure !== undefined) {
        this.#finalParts.add(done.measure.part)
        this.#measures.set(done.measure.part, done.measure)
      }
      return done
    } catch (error) {
      // Threads that were given up are ended later.
      if (this.#endedMs === undefined)
        this.#threadError ??= error instanceof Error ? error : new Error(String(error))
      throw error
    } finally {
      if (this.#endedMs === undefined) this.#unfinished.delete(worker)
    }
  }

  #receive(message: RunMessage): void {
    if (message.type !== 'measure') return
    this.#heartbeats.heard(message.measure)
    // An answer can overtake what its thread had told on the channel before.
    if (!this.#finalParts.has(message.measure.part)) this.#measures.set(message.measure.part, message.measure)
  }

  #close(): void {
    clearInterval(this.#look)
    clearTimeout(this.#grace)
    this.#channel.close()
  }
}

function allWorkers(plan: LoadPlan): number[] {
  return Array.from({ length: plan.workers }, (_, worker) => worker)
}

function worstDelay(measures: readonly ThreadMeasure[]): LoopDelay {
  const worst = (pick: (delay: LoopDelay) => number) =>
    Math.max(0, ...measures.map((m) => pick(m.loopDelayMs)))
  return { p50: worst((d) => d.p50), p99: worst((d) => d.p99), max: worst((d) => d.max) }
}
