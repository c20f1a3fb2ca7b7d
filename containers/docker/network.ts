import { LABEL_TESTCONTAINERS_SESSION_ID } from 'testcontainers'
import type { Engine } from './engine.ts'
import { ownLabels } from './owner.ts'
import { gone } from './sweep.ts'

/** The network of this process's containers: there while at least one is in it. */
export class OwnNetwork {
  readonly #engine: Engine
  #members = 0
  #made = 0
  #turn: Promise<unknown> = Promise.resolve()
  #name: string | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Its name, for a container that is to be in it; followed by one leave(). */
  join(sessionId: string): Promise<string> {
    return this.#inTurn(async () => {
      this.#name ??= await this.#create(sessionId)
      this.#members++
      return this.#name
    })
  }

  /** To be called once the container is removed. */
  leave(): Promise<void> {
    return this.#inTurn(async () => {
      this.#members--
      if (this.#members > 0 || this.#name === undefined) return
      const name = this.#name
      this.#name = undefined
      await gone(this.#engine.docker.getNetwork(name).remove())
    })
  }

  /** Its address on the engine's machine; undefined while it is not there, or has none. */
  async gateway(): Promise<string | undefined> {
    if (this.#name === undefined) return undefined
    const { IPAM } = await this.#engine.docker.getNetwork(this.#name).inspect()
    return IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway
  }

  async #create(sessionId: string): Promise<string> {
    const name = `mailstorm-${process.pid}-${crypto.randomUUID().slice(0, 8)}-${++this.#made}`
    await this.#engine.client.network.create({
      Name: name,
      Driver: 'bridge',
      Labels: { ...ownLabels(), [LABEL_TESTCONTAINERS_SESSION_ID]: sessionId },
      Options: { 'com.docker.network.bridge.host_binding_ipv4': this.#engine.publishOn },
    })
    return name
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
