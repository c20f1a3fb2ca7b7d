import type { Clock } from '../../engine/clock.ts'
import type { Attempt } from '../attempt.ts'
import type { Wire } from '../dialogue.ts'
import type { Reply } from '../reply.ts'
import type { Phase } from '../target.ts'
import type { Transport } from '../transport.ts'
import { behaviourOf, type ClientBehaviour, type MessageBehaviour } from './behaviour.ts'

/** Commands that a person, or a slow script, would think before. */
const THOUGHT_OVER = /^(?:MAIL|RCPT|DATA)\b/

/**
 * A connection whose client thinks before it speaks, or breaks off in the middle. The dialogue knows nothing of it:
 * what it writes goes out later, and a client that has broken off hears no reply any more.
 */
export class UnsteadyWire implements Wire {
  readonly #transport: Transport
  readonly #behaviour: ClientBehaviour
  readonly #seed: number
  readonly #clock: Clock
  #attempt: Attempt
  #message: MessageBehaviour
  #phase: Phase = 'connect'
  #timeoutMs: number | undefined
  #isBrokenOff = false

  constructor(
    transport: Transport,
    { behaviour, seed, clock }: { behaviour: ClientBehaviour; seed: number; clock: Clock },
    attempt: Attempt,
  ) {
    this.#transport = transport
    this.#behaviour = behaviour
    this.#seed = seed
    this.#clock = clock
    this.#attempt = attempt
    this.#message = behaviourOf(behaviour, seed, attempt.message)
  }

  /** The next message of the session, or the one that it was opened for. True when its client will break off. */
  begin(attempt: Attempt): boolean {
    this.#attempt = attempt
    this.#message = behaviourOf(this.#behaviour, this.#seed, attempt.message)
    return this.#message.breakOffIn !== undefined
  }

  get replyTimeoutMs(): number {
    return this.#transport.replyTimeoutMs
  }
  get addressLiteral(): string {
    return this.#transport.addressLiteral
  }
  get encrypted(): boolean {
    return this.#transport.encrypted
  }
  get isOpen(): boolean {
    return this.#transport.isOpen
  }
  get failure(): Transport['failure'] {
    return this.#transport.failure
  }
  get hasUnreadInput(): boolean {
    return this.#transport.hasUnreadInput
  }
  nowMs(): number {
    return this.#transport.nowMs()
  }
  secure(): void {
    this.#transport.secure()
  }
  destroy(): void {
    this.#transport.destroy()
  }
  expectFewer(replies: number): void {
    this.#transport.expectFewer(replies)
  }

  enter(phase: Phase, timeoutMs?: number, nowMs?: number): void {
    this.#phase = phase
    this.#timeoutMs = timeoutMs
    this.#transport.enter(phase, timeoutMs, nowMs)
  }

  take(): Reply | undefined {
    return this.#breaksOff() ? undefined : this.#transport.take()
  }

  flush(): boolean {
    return this.#breaksOff() ? false : this.#transport.flush()
  }

  write(commands: string, replies: number): void {
    const thinkMs = THOUGHT_OVER.test(commands) ? this.#message.think() : undefined
    if (thinkMs === undefined) this.#transport.write(commands, replies)
    else this.#writeLater(commands, replies, thinkMs)
  }

  writeMessage(parts: readonly Buffer[], replies: number): void {
    if (this.#message.breakOffIn !== 'transfer') {
      this.#transport.writeMessage(parts, replies)
      return
    }
    // Half of it, and so without its end, in whatever pieces it comes.
    const octets = Buffer.concat(parts)
    this.#transport.writeMessage([octets.subarray(0, Math.floor(octets.length / 2))], replies)
  }

  /** Nothing is awaited meanwhile, and the time belongs to no phase: the server has no part in it. */
  #writeLater(commands: string, replies: number, thinkMs: number): void {
    const attempt = this.#attempt
    const fromMs = this.#clock.nowMs()
    this.#transport.rest()
    this.#clock.wakeAt(fromMs + thinkMs, () => {
      if (this.#transport.failure !== undefined) return
      const nowMs = this.#clock.nowMs()
      attempt.leaveOut(nowMs - fromMs)
      this.#transport.enter(this.#phase, this.#timeoutMs, nowMs)
      this.#transport.write(commands, replies)
    })
  }

  #breaksOff(): boolean {
    if (this.#isBrokenOff) return true
    const { breakOffIn, byReset } = this.#message
    if (breakOffIn === undefined || breakOffIn !== this.#phase) return false
    if (this.#transport.failure !== undefined) return false
    this.#isBrokenOff = true
    this.#transport.breakOff(this.#phase, byReset)
    return true
  }
}
