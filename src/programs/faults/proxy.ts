import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { dialOptions } from '../../dial.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import { LOOPBACK } from '../../listening.ts'
import { Random } from '../../random.ts'
import { Lane } from './lane.ts'
import { type CutKind, checkProxyPlan, type FaultProxyPlan, type LanePlan } from './plans.ts'

export interface ProxyCounts {
  readonly connections: number
  readonly cut: number
  /** Connections for which the server could not be reached. */
  readonly unreachable: number
  readonly bytesToServer: number
  readonly bytesToClient: number
}

/** A TCP proxy that misbehaves as planned. It knows nothing of SMTP. */
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
    const random = this.#random('which are cut')
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

  /** One sequence per purpose: which connections are cut must not depend on the jitter of others. */
  #random(purpose: string): () => number {
    const random = new Random(`${purpose} of ${this.#plan.seed ?? 1}`)
    return () => random.next()
  }

  #connected(client: Socket): void {
    const counts = this.#counts
    const link = new Link({
      client,
      plan: this.#plan,
      cuts: this.#isCut(),
      random: this.#random(`connection ${counts.connections++}`),
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

interface LinkOptions {
  readonly client: Socket
  readonly plan: FaultProxyPlan
  /** Whether this connection is one to be cut. */
  readonly cuts: boolean
  readonly random: () => number
  readonly clock: Clock
  readonly onBytes: (to: 'server' | 'client', bytes: number) => void
  readonly onCut: () => void
  readonly onUnreachable: () => void
}

/** Shared among the target's addresses; a single address gets the system's own timeout. */
const CONNECT_WITHIN_MS = 10_000

/** A client's connection and the matching one to the server. */
class Link {
  readonly #options: LinkOptions
  readonly #client: Socket
  readonly #server: Socket
  readonly #lanes: readonly Lane[]
  #cut = false

  constructor(options: LinkOptions) {
    const { client, plan } = options
    this.#options = options
    this.#client = client
    this.#server = connect({
      ...dialOptions(plan.target, CONNECT_WITHIN_MS),
      noDelay: true,
      allowHalfOpen: true,
    })
    this.#lanes = [
      this.#lane(plan.toServer ?? {}, { from: client, to: this.#server, kind: 'server' }),
      this.#lane(plan.toClient ?? {}, { from: this.#server, to: client, kind: 'client' }),
    ]
    this.#server.once('error', options.onUnreachable)
    this.#server.once('connect', () => this.#server.off('error', options.onUnreachable))
    this.#tie(client, this.#server)
    this.#tie(this.#server, client)
    for (const lane of this.#lanes) lane.begin()
  }

  destroy(): void {
    for (const lane of this.#lanes) lane.close()
    this.#client.destroy()
    this.#server.destroy()
  }

  #lane(plan: LanePlan, { from, to, kind }: { from: Socket; to: Socket; kind: 'server' | 'client' }): Lane {
    const { random, clock, onBytes, cuts } = this.#options
    const { cut, ...rest } = plan
    return new Lane({
      from,
      to,
      plan: cuts ? plan : rest,
      random,
      clock,
      onBytes: (bytes) => onBytes(kind, bytes),
      onCut: ({ by }) => this.#cutBy(by, { from, to }),
    })
  }

  /** Whatever ends one of the two connections ends the other. */
  #tie(socket: Socket, other: Socket): void {
    socket.on('error', () => {
      if (!this.#cut) other.resetAndDestroy()
    })
    socket.on('close', () => {
      if (!this.#cut && !other.writableEnded) other.destroySoon()
    })
  }

  #cutBy(by: CutKind, { from, to }: { from: Socket; to: Socket }): void {
    this.#options.onCut()
    // The lane of this direction has closed itself and is no longer read.
    if (by === 'stall') return
    this.#cut = true
    for (const lane of this.#lanes) lane.close()
    if (by === 'half-open') {
      from.destroy()
      to.pause()
      return
    }
    for (const socket of [this.#client, this.#server]) {
      if (by === 'reset') socket.resetAndDestroy()
      // Keep reading, or the kernel would reset instead of sending FIN.
      else socket.end().resume()
    }
  }
}
