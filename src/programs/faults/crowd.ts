import { connect, type Socket } from 'node:net'
import { type DialTarget, dialOptions } from '../../dial.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import { MailstormError } from '../../error.ts'

/**
 * Clients that occupy a server's connections and send next to nothing. Plain data, so that it can be posted to
 * a thread.
 */
export interface CrowdPlan {
  readonly target: DialTarget
  /** Clients that send EHLO and nothing more. */
  readonly idle: number
  /** Clients that send a message octet by octet, one every `octetEveryMs`. */
  readonly slow: number
  readonly octetEveryMs?: number
}

export interface CrowdCounts {
  /** Connected and greeted. */
  readonly open: number
  /** Refused by the server, or closed by it since. */
  readonly ended: number
}

/** Upper bound, so that a typo does not bring the machine down. */
const MOST = 2_000
const OCTET_EVERY_MS = 500
const GREET_WITHIN_MS = 5_000

/** What a slow client sends before its message; each line waits for the reply to the previous one. */
const DIALOGUE = [
  'EHLO crowd.mailstorm.test',
  'MAIL FROM:<crowd@mailstorm.test>',
  'RCPT TO:<recipient@mailstorm.test>',
  'DATA',
]

/** Many simultaneous clients that a server must put up with while it serves others. */
export class Crowd implements AsyncDisposable {
  readonly #plan: CrowdPlan
  readonly #clock: Clock
  readonly #sockets = new Set<Socket>()
  /** Those that were greeted. */
  readonly #open = new Set<Socket>()
  #ended = 0

  /** Resolves once every client was greeted or refused, or has waited five seconds. */
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
    for (const socket of this.#sockets) socket.destroy()
    this.#open.clear()
  }

  #join(dialogue: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ ...dialOptions(this.#plan.target, GREET_WITHIN_MS), noDelay: true })
      this.#sockets.add(socket)
      const cancel = this.#clock.wakeAt(this.#clock.nowMs() + GREET_WITHIN_MS, resolve)
      const left = [...dialogue]
      const slow = dialogue.length > 1
      socket.setEncoding('latin1')
      socket.on('data', (text: string) => {
        // One reply per line. A refusal ends the dialogue; the client stays connected.
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
        this.#sockets.delete(socket)
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

export function checkCrowdPlan({
  idle,
  slow,
  octetEveryMs = OCTET_EVERY_MS,
}: Omit<CrowdPlan, 'target'>): void {
  if (!(octetEveryMs >= 1))
    throw new MailstormError(
      'BAD_FAULTS',
      `Failed to gather a crowd that sends an octet every ${octetEveryMs} ms: allowed is 1 ms or more.`,
    )
  if (idle >= 0 && slow >= 0 && idle + slow <= MOST) return
  throw new MailstormError(
    'BAD_FAULTS',
    `Failed to gather a crowd of ${idle} idle and ${slow} slow clients: allowed are 0 to ${MOST} together.`,
  )
}
