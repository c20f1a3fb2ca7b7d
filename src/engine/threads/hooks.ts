import { errorText, MailstormError } from '../../error.ts'
import { type Reply, replyText } from '../../smtp/reply.ts'
import type { Phase } from '../../smtp/target.ts'
import { PHASE_INDEX } from '../../smtp/target.ts'
import type { MetricRecorder } from '../custom-metrics.ts'
import type { Failure, Sample } from '../sample.ts'

/** One attempt to send one message, as hooks see it once it has ended. */
export interface HookSample {
  /** Number of the message in its run's plan, from 0. */
  readonly message: number
  /** Name of the server, as in the result. */
  readonly server: string
  /** How the message ended. */
  readonly outcome: Sample['outcome']
  /** Why it was not accepted; undefined when it was. */
  readonly failure: Failure | undefined
  /** Size of the message in bytes, before dot-stuffing (RFC 5321 4.5.2). */
  readonly bytes: number
  /** Recipients that were refused while the message was accepted for others. */
  readonly recipientsRefused: number
  /** From when it was due to its end, in ms. */
  readonly responseMs: number
  /** From when it was sent to its end, in ms. */
  readonly serviceMs: number
  /**
   * Length of a phase in ms; undefined where it did not take place, such as `connect` in a session that was already
   * open.
   *
   * @param phase - name of the phase
   */
  phaseMs(phase: Phase): number | undefined
}

/** One reply of a server, as hooks see it: to the connection, EHLO, each recipient, or the message. */
export interface HookReply {
  /** Reply code: 250. */
  readonly code: number
  /** The lines of the reply, without their code. */
  readonly lines: readonly string[]
  /** Code and lines as one line, without control characters. */
  readonly text: string
  /** Phase in which it was read. */
  readonly phase: Phase
  /** Name of the server, as in the result. */
  readonly server: string
}

/** What a hooks module may export; each is called on the thread that sends, and must be quick. */
export interface Hooks {
  onSample?(sample: HookSample, metrics: MetricRecorder): void
  onReply?(reply: HookReply, metrics: MetricRecorder): void
}
export type OnSample = NonNullable<Hooks['onSample']>
export type OnReply = NonNullable<Hooks['onReply']>

const HOOK_NAMES = ['onSample', 'onReply'] as const

/** Imports a module of hooks by its file URL. Throws MailstormError. */
export async function loadHooks(url: string): Promise<Hooks> {
  let module: Record<string, unknown>
  try {
    module = await import(url)
  } catch (error) {
    throw badHooks(url, errorText(error))
  }
  const exported = HOOK_NAMES.filter((name) => module[name] !== undefined)
  if (exported.length === 0) throw badHooks(url, `it exports none of ${HOOK_NAMES.join(', ')}.`)
  const wrong = exported.find((name) => typeof module[name] !== 'function')
  if (wrong !== undefined) throw badHooks(url, `its ${wrong} is not a function.`)
  return module
}

function badHooks(url: string, why: string): MailstormError {
  return new MailstormError(
    'BAD_HOOKS',
    `Failed to load the hooks ${url}: ${why}`,
    'Sender threads load this file with plain Node: it may import types from fixtures/hooks.ts, and modules that Node can run.',
  )
}

/** The hooks of one thread's run. The first error of a hook ends them, not the load: figures stay true. */
export class ThreadHooks {
  readonly #hooks: Hooks
  readonly #servers: readonly string[]
  readonly #metrics: MetricRecorder
  #error: string | undefined

  constructor(hooks: Hooks, servers: readonly string[], metrics: MetricRecorder) {
    this.#hooks = hooks
    this.#servers = servers
    this.#metrics = metrics
  }

  /** How a hook failed, once one has. */
  get error(): string | undefined {
    return this.#error
  }

  get wantsReplies(): boolean {
    return this.#hooks.onReply !== undefined
  }

  sample(sample: Sample): void {
    const { onSample } = this.#hooks
    if (onSample === undefined || this.#error !== undefined) return
    const server = this.#servers[sample.target] ?? ''
    // A copy: the engine uses the sample again, and a hook may keep what it was given.
    const kept = { ...sample, phasesMs: sample.phasesMs.slice() }
    this.#call(() => onSample(new SampleView(kept, server), this.#metrics))
  }

  reply(reply: Reply, phase: Phase, target: number): void {
    const { onReply } = this.#hooks
    if (onReply === undefined || this.#error !== undefined) return
    this.#call(() => onReply(new ReplyView(reply, phase, this.#servers[target] ?? ''), this.#metrics))
  }

  #call(hook: () => unknown): void {
    try {
      const answer = hook()
      // What comes after the hook has returned belongs to no message, and its errors to nobody.
      if (answer instanceof Promise) {
        answer.catch(() => undefined)
        this.#error = 'it returned a promise; hooks cannot wait'
      }
    } catch (error) {
      this.#error = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
  }
}

class SampleView implements HookSample {
  readonly #sample: Sample
  readonly server: string

  constructor(sample: Sample, server: string) {
    this.#sample = sample
    this.server = server
  }

  get message(): number {
    return this.#sample.message
  }

  get outcome(): Sample['outcome'] {
    return this.#sample.outcome
  }

  get failure(): Failure | undefined {
    return this.#sample.failure
  }

  get bytes(): number {
    return this.#sample.bytes
  }

  get recipientsRefused(): number {
    return this.#sample.recipientsRefused
  }

  get responseMs(): number {
    return this.#sample.endedMs - this.#sample.dueMs
  }

  get serviceMs(): number {
    return this.#sample.endedMs - this.#sample.sentMs
  }

  phaseMs(phase: Phase): number | undefined {
    const ms = this.#sample.phasesMs[PHASE_INDEX[phase]]
    return ms === undefined || Number.isNaN(ms) ? undefined : ms
  }
}

class ReplyView implements HookReply {
  readonly #reply: Reply
  readonly phase: Phase
  readonly server: string

  constructor(reply: Reply, phase: Phase, server: string) {
    this.#reply = reply
    this.phase = phase
    this.server = server
  }

  get code(): number {
    return this.#reply.code
  }

  get lines(): readonly string[] {
    return this.#reply.lines
  }

  get text(): string {
    return replyText(this.#reply)
  }
}
