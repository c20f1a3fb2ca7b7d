import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { LOOPBACK } from '../../listening.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Interval at which a slowed link passes bytes on. */
const SLICE_MS = 50

/** A TCP relay in front of a server, whose speed towards the server can be changed while it runs. */
export class SlowLink implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Shared by all connections; Infinity: unlimited. */
  #bytesPerSecond = Number.POSITIVE_INFINITY
  #usedUntilMs = 0

  static async open(to: Address, listenOn = LOOPBACK): Promise<SlowLink> {
    const link = new SlowLink(to)
    await once(link.#server.listen(0, listenOn), 'listening')
    return link
  }

  private constructor(to: Address) {
    // Each direction ends separately: what was written before a FIN has to arrive.
    const allowHalfOpen = true
    this.#server = createServer({ allowHalfOpen }, (near) =>
      this.#join(near, connect({ ...to, allowHalfOpen })),
    )
  }

  get address(): Address {
    return { host: LOOPBACK, port: (this.#server.address() as AddressInfo).port }
  }

  set bytesPerSecond(speed: number) {
    this.#bytesPerSecond = speed
    this.#usedUntilMs = performance.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', (hadError) => {
        this.#sockets.delete(socket)
        if (hadError) other.destroy()
      })
    }
    near.pipe(this.#brake()).pipe(far)
    far.pipe(near)
  }

  #brake(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _, done) => void this.#pass(chunk).then(() => done(null, chunk)),
    })
  }

  /** Resolves when the link has had the time that these bytes take, at its current speed. */
  async #pass(chunk: Buffer): Promise<void> {
    for (let left = chunk.length; left > 0 && Number.isFinite(this.#bytesPerSecond); ) {
      const slice = Math.min(left, Math.max(1, (this.#bytesPerSecond * SLICE_MS) / 1000))
      const nowMs = performance.now()
      this.#usedUntilMs = Math.max(nowMs, this.#usedUntilMs) + (slice * 1000) / this.#bytesPerSecond
      left -= slice
      await new Promise((resolve) => setTimeout(resolve, this.#usedUntilMs - nowMs))
    }
  }
}
