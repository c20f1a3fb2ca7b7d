import { connect, type Socket } from 'node:net'
import { type DialTarget, dialOptions } from '../../dial.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import { MailstormError } from '../../error.ts'

/** Clients that take up a server's connections and send next to nothing. Values, so that they cross to a thread. */
export interface CrowdPlan {
  readonly target: DialTarget
  /** Say EHLO and nothing more. */
  readonly idle: number
  /** Send a message octet by octet, one each `octetEveryMs`. */
  readonly slow: number
  readonly octetEveryMs?: number
}

export interface CrowdCounts {
  /** That are connected and were greeted. */
  readonly open: number
  /** That the server refused, or ended since. */
  readonly ended: number
}

/** A bound, so that a slip of the pen takes no machine down. */
const MOST = 2_000
const OCTET_EVERY_MS = 500
const GREET_WITHIN_MS = 5_000

/** The dialogue of a slow client up to its message; each line waits for the reply to the one before. */
const DIALOGUE = [
  'EHLO crowd.mailstorm.test',
  'MAIL FROM:<crowd@mailstorm.test>',
  'RCPT TO:<recipient@mailstorm.test>',
  'DATA',
]

/** Many clients at once that a server has to bear while it serves others. */
export class Crowd implements AsyncDisposable {
  readonly #plan: CrowdPlan
  readonly #clock: Clock
  readonly #open = new Set<Socket>()
  #ended = 0

  /** Resolves once each client was greeted, was refused, or has waited five seconds for it. */
  static async start(plan: CrowdPlan, clock: Clock = systemClock): Promise<Crowd> {
    checkCrowdPlan(plan)
    const crowd = new Crowd(plan, clock)
    const idle = Array.from({ length: plan.idle }, () => crowd.#join(DIALOGUE.slice(0, 1)))
    const slow = Array.from({ length: plan.slow }, () => crowd.#join(DIALOGUE))
    await Promise.all([...idle, ...slow])
    return crowd
  }

  private constructor(plan: CrowdPlan, clock: Clock) {
    this.#plan = plan
    this.#clock = clock
  }

  counts(): CrowdCounts {
    return { open: this.#open.size, ended: this.#ended }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    this.#open.clear()
  }

  #join(dialogue: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ ...dialOptions(this.#plan.target, GREET_WITHIN_MS), noDelay: true })
      const cancel = this.#clock.wakeAt(this.#clock.nowMs() + GREET_WITHIN_MS, resolve)
      const left = [...dialogue]
      const slow = dialogue.length > 1
      socket.setEncoding('latin1')
      socket.on('data', (text: string) => {
        // One reply to each line: what is refused ends the dialogue, and the client stays.
        if (!/^[23]\d\d /m.test(text)) return
        if (!this.#open.has(socket)) {
          this.#open.add(socket)
          cancel()
          resolve()
        }
        const next = left.shift()
        if (next !== undefined) socket.write(`${next}\r\n`)
        else if (slow && text.startsWith('354')) this.#drip(socket)
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#open.delete(socket)
        this.#ended++
        cancel()
        resolve()
      })
    })
  }

  #drip(socket: Socket): void {
    if (socket.destroyed) return
    socket.write('x')
    this.#clock.wakeAt(this.#clock.nowMs() + (this.#plan.octetEveryMs ?? OCTET_EVERY_MS), () =>
      this.#drip(socket),
    )
  }
}

export function checkCrowdPlan({ idle, slow }: Pick<CrowdPlan, 'idle' | 'slow'>): void {
  if (idle >= 0 && slow >= 0 && idle + slow <= MOST) return
  throw new MailstormError(
    'BAD_FAULTS',
    `Failed to gather a crowd of ${idle} idle and ${slow} slow clients: allowed are 0 to ${MOST} together.`,
  )
}
