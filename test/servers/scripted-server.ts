import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createSecureContext } from 'node:tls'
import { until } from './play.ts'
import type { ReceivedSession } from './record.ts'
import { DEFAULT_STEPS, type Script, type Stage, type Steps } from './script.ts'
import { ScriptedSession } from './scripted-session.ts'

/**
 * A small SMTP server whose behaviour at each stage is a value, for tests of the client. It shares
 * nothing with src/smtp: a parser of both would hide its bugs from both.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly #server: Server
  readonly #sessions: ScriptedSession[] = []
  readonly #reached = new Map<Stage, number>()
  readonly #script: Script
  /** When each MAIL came, by the wall clock, over all sessions. */
  readonly mailTimesMs: number[] = []
  #firstMailMs: number | undefined
  #stalledForMs: number | undefined

  static async start(script: Script = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(script)
    server.#server.listen(0, server.host)
    await once(server.#server, 'listening')
    return server
  }

  private constructor(script: Script) {
    this.#script = script
    const secureContext = script.tls === undefined ? undefined : createSecureContext(script.tls)
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sessions.push(
        new ScriptedSession(socket, {
          script,
          secureContext,
          stepsFor: (stage) => this.#stepsFor(stage),
          released: () => this.#released(),
          onMail: () => {
            this.#firstMailMs ??= performance.now()
            this.mailTimesMs.push(Date.now())
          },
        }),
      )
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What came, session by session. */
  get sessions(): readonly ReceivedSession[] {
    return this.#sessions.map((session) => session.received)
  }

  /** How long the stall really was; on a busy machine longer than the script says. */
  get stalledForMs(): number | undefined {
    return this.#stalledForMs
  }

  /** Ends the sessions whose clients send nothing; resolves when these have hung up. */
  async endIdle(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.endIdle()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #stepsFor(stage: Stage): Steps {
    const behaviour = this.#script[stage]
    if (behaviour === undefined) return DEFAULT_STEPS[stage]
    if (!('first' in behaviour)) return behaviour
    const times = this.#reached.get(stage) ?? 0
    this.#reached.set(stage, times + 1)
    return behaviour.first[times] ?? DEFAULT_STEPS[stage]
  }

  async #released(): Promise<void> {
    const { stall } = this.#script
    if (stall === undefined || this.#firstMailMs === undefined) return
    const fromMs = this.#firstMailMs + stall.atMs
    const nowMs = performance.now()
    if (nowMs < fromMs || nowMs >= fromMs + stall.forMs) return
    await until(fromMs + stall.forMs)
    this.#stalledForMs ??= performance.now() - fromMs
  }
}
