import { setTimeout as sleep } from 'node:timers/promises'
import { type ListenAddress, listening } from '../../../listening.ts'
import type { SmtpListener } from './connection.ts'
import type { HopBehaviour, HopSwitch } from './hop.ts'

/** While it is away, another program may have got its port for a moment, as that of an outgoing connection. */
const BACK_WITHIN_MS = 10_000
const TRY_AGAIN_MS = 50

interface Door extends Pick<SmtpListener, 'server' | 'leave'> {
  readonly address: ListenAddress
}

/** Its listeners, which are closed while it is away. */
export class HopDoors {
  readonly #switch: HopSwitch
  readonly #doors: Door[] = []
  #isClosed = false
  /** One change after another. */
  #last: Promise<void> = Promise.resolve()

  constructor(hop: HopSwitch) {
    this.#switch = hop
  }

  add({ server, leave }: SmtpListener, address: ListenAddress): void {
    this.#doors.push({ server, leave, address })
  }

  /** Resolves once it behaves so. Rejects when it cannot come back. */
  behave(behaviour: HopBehaviour): Promise<void> {
    const change = this.#last.then(() => this.#change(behaviour))
    this.#last = change.catch(() => undefined)
    return change
  }

  /** For good: nothing listens again. */
  close(): void {
    this.#isClosed = true
  }

  async #change(behaviour: HopBehaviour): Promise<void> {
    this.#switch.behaviour = behaviour
    for (const { server, leave, address } of this.#doors) {
      if (behaviour.mode === 'away') {
        if (server.listening) server.close()
        leave()
      } else if (!server.listening) await this.#comeBack(server, address)
    }
  }

  async #comeBack(server: Door['server'], address: ListenAddress): Promise<void> {
    const untilMs = performance.now() + BACK_WITHIN_MS
    while (!this.#isClosed) {
      try {
        await listening(server, address, 'again')
        return
      } catch (error) {
        if (performance.now() > untilMs) throw error
      }
      await sleep(TRY_AGAIN_MS)
    }
  }
}
