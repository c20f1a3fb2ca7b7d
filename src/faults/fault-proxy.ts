import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../engine/clock.ts'
import { Link } from './link.ts'
import { LOOPBACK } from './loopback.ts'
import { checkProxyPlan, type FaultProxyPlan } from './proxy-plan.ts'
import { randomOf } from './random.ts'

export interface ProxyCounts {
  readonly connections: number
  readonly cut: number
  /** Connections for which the server could not be reached. */
  readonly unreachable: number
  readonly bytesToServer: number
  readonly bytesToClient: number
}

/** Streams of the seed: which connections are cut must not depend on the jitter of others. */
const WHICH_ARE_CUT = -1

/** A TCP proxy that misbehaves as its plan says. It knows nothing of SMTP. */
export class FaultProxy implements AsyncDisposable {
  readonly host = LOOPBACK
  readonly #plan: FaultProxyPlan
  readonly #clock: Clock
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #isCut: () => boolean
  readonly #counts = { connections: 0, cut: 0, unreachable: 0, bytesToServer: 0, bytesToClient: 0 }

  static async start(plan: FaultProxyPlan, clock: Clock = systemClock): Promise<FaultProxy> {
    checkProxyPlan(plan)
    const proxy = new FaultProxy(plan, clock)
    proxy.#server.listen(0, LOOPBACK)
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(plan: FaultProxyPlan, clock: Clock) {
    this.#plan = plan
    this.#clock = clock
    const random = randomOf(plan.seed ?? 1, WHICH_ARE_CUT)
    this.#isCut = () => random() < (plan.share ?? 1)
    const options = { noDelay: true, allowHalfOpen: true }
    this.#server = createServer(options, (client) => this.#connected(client))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  counts(): ProxyCounts {
    return { ...this.#counts }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) link.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connected(client: Socket): void {
    const counts = this.#counts
    const link = new Link({
      client,
      plan: this.#plan,
      cuts: this.#isCut(),
      random: randomOf(this.#plan.seed ?? 1, counts.connections++),
      clock: this.#clock,
      onBytes: (to, bytes) => {
        if (to === 'server') counts.bytesToServer += bytes
        else counts.bytesToClient += bytes
      },
      onCut: () => counts.cut++,
      onUnreachable: () => counts.unreachable++,
    })
    this.#links.add(link)
    client.on('close', () => this.#links.delete(link))
  }
}
