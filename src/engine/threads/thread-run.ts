import { monitorEventLoopDelay } from 'node:perf_hooks'
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { errorText } from '../../error.ts'
import { Acknowledgements } from '../../ledger/acknowledgements.ts'
import { Receipts } from '../../ledger/receipts.ts'
import { messageId } from '../../mail/id.ts'
import { type Mail, mailOf } from '../../mail/mail.ts'
import { BehindTheEnd } from '../../smtp/behind-the-end.ts'
import { IdleSessions, idleShare } from '../../smtp/clients/idle-sessions.ts'
import { Gate, OpenTransports } from '../../smtp/connections.ts'
import { Farewells } from '../../smtp/farewells.ts'
import { loginsOf } from '../../smtp/login/logins.ts'
import { type SenderOptions, smtpLane } from '../../smtp/sender.ts'
import { SessionCaps } from '../../smtp/session-caps.ts'
import { PHASE_INDEX, PHASES } from '../../smtp/target.ts'
import { systemClock } from '../clock.ts'
import { Dispatch, type Lane } from '../dispatch.ts'
import type { Pacer } from '../executors/executor.ts'
import { createPacer } from '../executors/registry.ts'
import { Recorder } from '../recorder.ts'
import type { Recording } from '../recording.ts'
import { Retries } from '../retries.ts'
import type { Sample } from '../sample.ts'
import { type Hooks, loadHooks, ThreadHooks } from './hooks.ts'
import { type LoadPlan, mailPlanOf, type WorkerTask } from './plan.ts'
import {
  channelName,
  type HangingSession,
  RunControl,
  type RunMessage,
  type ThreadMeasure,
  type WorkerDone,
} from './run-control.ts'
import { SharedTlsSessions } from './tls-sessions.ts'
import { Silence } from './watchdog.ts'

type Begun = Pick<WorkerTask, 'plan' | 'agreed'>

/** How the worker of this number sends. */
export type LaneOf = (options: SenderOptions, worker: number) => Lane

/**
 * Node records the time between two looks at the loop, this one included. Looking every millisecond
 * takes 3 % of a core, and at 2,000 messages a second a fifth of all CPU time.
 */
const LOOP_RESOLUTION_MS = 10
/** Sessions that a thread has opening at a time, see Gate. */
const MAX_CONNECTING = 200

/** One run's share on this thread: the workers that it was given have all in common. */
export class ThreadRun {
  readonly #plan: LoadPlan
  readonly #startMs: number
  readonly #mail: Mail
  readonly #dispatch: Dispatch
  readonly #recorder: Recorder
  readonly #receipts: Receipts
  readonly #acknowledged: Acknowledgements | undefined
  readonly #hooks: ThreadHooks | undefined
  readonly #sender: Omit<SenderOptions, 'onSample'>
  readonly #control: RunControl
  readonly #transports = new OpenTransports()
  readonly #channel: BroadcastChannel
  readonly #loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  readonly #cpuAtStart = process.threadCpuUsage()
  readonly #part = `${threadId}.${++parts}`
  readonly #interval: NodeJS.Timeout
  readonly #retries: Retries | undefined
  #idle: IdleSessions | undefined
  readonly #laneOf: LaneOf
  readonly #silence: Silence
  #joined: readonly number[] = []
  /** Samples and sessions opened. */
  #progress = 0
  #ended = 0
  #hanging: readonly HangingSession[] | undefined
  readonly #cancelDrain: (() => void) | undefined
  #workers = 0

  /** `laneOf`: how a worker sends. */
  static async begin({ plan, agreed }: Begun, laneOf: LaneOf = smtpLane): Promise<ThreadRun> {
    const hooks = plan.hooks === undefined ? undefined : await loadHooks(plan.hooks)
    return new ThreadRun({ plan, agreed }, hooks, laneOf)
  }

  private constructor({ plan, agreed }: Begun, hooks: Hooks | undefined, laneOf: LaneOf) {
    const pacer = createPacer(plan.schedule, plan.split)
    this.#plan = plan
    this.#startMs = agreed.startMs
    this.#mail = mailOf(mailPlanOf(plan, agreed))
    this.#laneOf = laneOf
    this.#silence = new Silence(systemClock, agreed.watch)
    this.#control = new RunControl(agreed.control)
    this.#recorder = new Recorder({
      startMs: agreed.startMs,
      phaseCount: PHASES.length,
      targetCount: plan.targets.length,
      ...(plan.metrics === undefined ? {} : { metrics: plan.metrics }),
    })
    const servers = plan.targets.map(({ name }) => name)
    this.#hooks = hooks && new ThreadHooks(hooks, servers, this.#recorder.custom)
    this.#receipts = new Receipts({
      ...(Number.isFinite(pacer.total) ? { planned: pacer.total } : {}),
      targetCount: plan.targets.length,
    })
    this.#acknowledged = agreed.acknowledged && new Acknowledgements(agreed.acknowledged)
    this.#dispatch = new Dispatch({
      pacer,
      clock: systemClock,
      startMs: agreed.startMs,
      claim: () => this.#control.claim(pacer.total),
      onLag: (lagMs) => this.#recorder.recordLag(lagMs),
    })
    this.#sender = this.#senderOptions(pacer)
    this.#channel = new BroadcastChannel(channelName(plan.runId))
    this.#channel.onmessage = (event) => this.#receive((event as { data: RunMessage }).data)
    this.#interval = setInterval(() => this.#lookAndReport(), agreed.watch.everyMs)
    const { retryDelaysMs: delaysMs = [] } = plan
    const { startMs } = agreed
    const endMs = pacer.windowMs === undefined ? undefined : startMs + pacer.windowMs + plan.drainMs
    if (delaysMs.length > 0)
      this.#retries = new Retries({
        ...{ delaysMs, startMs, endMs },
        retry: (ticket, delayMs) => this.#dispatch.retry(ticket, delayMs),
      })
    this.#cancelDrain = endMs === undefined ? undefined : systemClock.wakeAt(endMs, () => this.#stop())
    this.#loopDelay.enable()
    // An order that was given before the channel was opened has reached nobody here.
    this.#obey()
  }

  /** Runs one worker to its end; the answer of the last one carries all that the thread measured. */
  async work(worker: number): Promise<WorkerDone> {
    this.#workers++
    this.#joined = [...this.#joined, worker]
    this.#openIdle(worker)
    let ended = 0
    let accepted = 0
    const onSample = (sample: Sample) => {
      if (!this.#record(sample)) return
      ended++
      if (sample.outcome === 'accepted') accepted++
    }
    try {
      await this.#dispatch.join({
        number: worker,
        lane: this.#laneOf({ ...this.#sender, onSample }, worker),
        maxLanes: this.#plan.sessionsPerWorker,
      })
      await this.#sender.farewells.ended()
    } catch (error) {
      // No answer will carry what was measured until then.
      this.#report()
      throw error
    } finally {
      if (--this.#workers === 0) this.#close()
    }
    return this.isOver ? { ended, accepted, measure: this.#measure() } : { ended, accepted }
  }

  #openIdle(worker: number): void {
    const { idleSessions = 0, workers } = this.#plan
    const share = idleShare(idleSessions, worker, workers)
    if (share === 0) return
    this.#idle ??= new IdleSessions({ ...this.#sender, ...this.#plan, startMs: this.#startMs })
    this.#idle.open(share, worker, this.#sender.logins?.(worker))
  }

  get isOver(): boolean {
    return this.#workers === 0
  }

  #senderOptions(pacer: Pacer): Omit<SenderOptions, 'onSample'> {
    const plan = this.#plan
    const hooks = this.#hooks
    const onSessionFailure: SenderOptions['onSessionFailure'] = (...told) =>
      this.#recorder.recordSessionFailure(...told, systemClock.nowMs())
    return {
      clock: systemClock,
      model: pacer.model,
      targets: plan.targets,
      mail: this.#mail,
      logins: loginsOf({ ...plan, clock: systemClock }),
      shape: plan,
      unsteady: plan.behaviour && { behaviour: plan.behaviour, seed: plan.seed },
      tlsSessions,
      transports: this.#transports,
      connectGate: new Gate(MAX_CONNECTING),
      farewells: new Farewells({
        clock: systemClock,
        replyTimeoutMs: plan.replyTimeoutMs,
        transports: this.#transports,
        onQuit: (ms) => this.#recorder.recordPhase(PHASE_INDEX.quit, ms),
        onSessionFailure,
      }),
      sessionCaps: new SessionCaps((...told) => this.#recorder.recordSessionCap(...told)),
      behindTheEnd: new BehindTheEnd((...told) => this.#recorder.recordBehindTheEnd(...told)),
      onSessionOpened: () => {
        this.#progress++
        this.#recorder.recordSessionOpened(systemClock.nowMs())
      },
      onReconnect: () => this.#recorder.recordReconnect(),
      onSessionFailure,
      onSlowRecipients: (...told) => this.#recorder.recordSlowRecipients(...told),
      onReply: hooks?.wantsReplies ? (...told) => hooks.reply(...told) : undefined,
    }
  }

  /** False: the message is to be attempted again. */
  #record(sample: Sample): boolean {
    this.#progress++
    this.#hooks?.sample(sample)
    if (this.#retries === undefined && this.#plan.behaviour === undefined) this.#recorder.record(sample)
    else if (!this.#recordUnlike(sample)) return false
    this.#ended++
    if (sample.outcome !== 'accepted') return true
    this.#receipts.add(
      sample.target,
      sample.message,
      messageId(this.#plan.runId, sample.message),
      sample.bytes,
    )
    if (this.#acknowledged === undefined) return true
    this.#acknowledged.add(sample.message, sample.target, sample.endedMs - this.#startMs)
    for (const place of sample.refusedPlaces ?? []) this.#receipts.refuse(sample.message, place)
    return true
  }

  /** Of a message that may be attempted again, or whose client may break off. */
  #recordUnlike(sample: Sample): boolean {
    const { isFinal, startedMs } = this.#retries?.note(sample) ?? { isFinal: true, startedMs: sample.sentMs }
    if (sample.failure?.class === 'broken_off') {
      this.#recorder.recordBrokenOff(sample, startedMs)
      return true
    }
    this.#recorder.recordAttempt(sample)
    if (isFinal) this.#recorder.recordOutcome(sample, startedMs)
    return isFinal
  }

  /** Nothing is sent any more: what waits for another attempt has ended by its last one. */
  #stop(): void {
    const nowMs = systemClock.nowMs()
    const waiting = this.#dispatch.stop()
    for (const { sample, startedMs } of this.#retries?.cutOff(waiting, nowMs) ?? []) {
      this.#progress++
      this.#ended++
      this.#recorder.recordOutcome(sample, startedMs)
    }
  }

  #receive(message: RunMessage): void {
    if (message.type === 'order') this.#obey()
  }

  #obey(): void {
    const { order } = this.#control
    if (order !== 'go') this.#stop()
    if (order === 'abort') this.#transports.abort()
  }

  #lookAndReport(): void {
    this.#hanging = this.#silence.look({
      progress: this.#progress,
      waits: this.#dispatch.taken > this.#ended || this.#dispatch.hasEnded,
      sessions: this.#transports.states(),
    })
    this.#report()
  }

  #report(): void {
    this.#channel.postMessage({
      type: 'measure',
      measure: this.#measure(),
    } satisfies RunMessage)
  }

  #recording(): Recording {
    const recording = this.#recorder.snapshot()
    const retries = this.#retries === undefined ? {} : { retries: this.#retries.snapshot() }
    const idle = this.#idle === undefined ? {} : { idle: this.#idle.snapshot() }
    return { ...recording, ...retries, ...idle }
  }

  #measure(): ThreadMeasure {
    const cpu = process.threadCpuUsage(this.#cpuAtStart)
    const delay = this.#loopDelay
    const hookError = this.#hooks?.error
    const overdueMs = (ns: number) => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS)
    return {
      part: this.#part,
      workers: this.#joined,
      recording: this.#recording(),
      receipts: this.#receipts.toData(),
      heldBack: this.#dispatch.heldBack,
      cpuMs: (cpu.user + cpu.system) / 1000,
      loopDelayMs: {
        p50: overdueMs(delay.percentile(50)),
        p99: overdueMs(delay.percentile(99)),
        max: overdueMs(delay.max),
      },
      ...(this.#hanging === undefined ? {} : { hanging: this.#hanging }),
      ...(hookError === undefined ? {} : { hookError }),
    }
  }

  #close(): void {
    clearInterval(this.#interval)
    this.#idle?.close()
    this.#cancelDrain?.()
    this.#channel.close()
    this.#loopDelay.disable()
  }
}

let parts = 0

/** TLS sessions outlive runs, as a mail server that sends again resumes them. */
const tlsSessions = new SharedTlsSessions()

const runs = new Map<string, Promise<ThreadRun>>()

/** Entry of the pool's threads: one task is one worker's whole share of a run. */
export default async function work({ plan, agreed, worker }: WorkerTask): Promise<WorkerDone> {
  const begun = runs.get(plan.runId) ?? ThreadRun.begin({ plan, agreed })
  runs.set(plan.runId, begun)
  const run = await begun.catch((error) => {
    runs.delete(plan.runId)
    throw error
  })
  try {
    return await run.work(worker)
  } finally {
    if (run.isOver) runs.delete(plan.runId)
  }
}

/** Loads a module of hooks on a thread before a run needs it; answers why it cannot. */
export async function hooksProblem(url: string): Promise<string | undefined> {
  try {
    await loadHooks(url)
    return undefined
  } catch (error) {
    return errorText(error)
  }
}

/** Loads this module on a thread before a run needs it. */
export function warmUp(): number {
  return threadId
}
