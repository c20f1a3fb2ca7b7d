import { Socket, type TcpSocketConnectOpts } from 'node:net'
import type { Readable } from 'node:stream'
import SMTPConnection, {
  type SMTPConnectionOptions,
  type SMTPConnectionSendInfo,
} from 'nodemailer/lib/smtp-connection'
import { checkHost, fencedLookup } from '../attachments/reach.ts'

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

export interface SessionOptions extends Omit<SMTPConnectionOptions, 'socket'> {
  /** Whether the server may be in loopback and private networks. */
  readonly allowPrivate: boolean
  readonly auth?: { readonly user: string; readonly pass: string }
}

/** A connection of nodemailer's to an SMTP server, greeted and logged in. */
export class SmtpSession {
  /** It has sent a message before, so the server may have closed it since. */
  used = false
  idleSinceMs = 0
  readonly #connection: SMTPConnection
  #ended = false

  /** Throws OutOfReach where the server is on the wrong side of the fence. */
  static async open(
    { auth, allowPrivate, ...options }: SessionOptions,
    signal: AbortSignal,
  ): Promise<SmtpSession> {
    const socket = gathering(fenced(new Socket(), allowPrivate))
    const session = new SmtpSession(new SMTPConnection({ ...options, socket }))
    await session.#until(signal, (done) =>
      session.#connection.connect((error) => done(error ?? null, undefined)),
    )
    if (auth !== undefined && session.#connection.allowsAuth)
      await session.#until(signal, (done) =>
        session.#connection.login(auth, (error) => done(error, undefined)),
      )
    return session
  }

  private constructor(connection: SMTPConnection) {
    this.#connection = connection
    // Who waits for something hears of it there; without anybody it was idle.
    connection.on('error', ignore)
    connection.once('end', () => {
      this.#ended = true
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** `message` is not touched before the server wants it. */
  async send(envelope: Envelope, message: Readable, signal: AbortSignal): Promise<SMTPConnectionSendInfo> {
    const { from, to } = envelope
    const info = await this.#until<SMTPConnectionSendInfo>(signal, (done) =>
      this.#connection.send({ from, to: [...to] }, message, done),
    )
    this.used = true
    return info
  }

  /** After a refusal, so that the next message begins anew (RFC 5321 4.1.1.5). */
  reset(signal: AbortSignal): Promise<void> {
    return this.#until(signal, (done) => this.#connection.reset((error) => done(error, undefined)))
  }

  quit(): void {
    if (!this.#ended) this.#connection.quit()
  }

  close(): void {
    this.#connection.close()
  }

  /** One step of the dialogue; it fails with the connection, and an abort ends the connection. */
  #until<T>(signal: AbortSignal, step: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void) => {
        signal.removeEventListener('abort', onAbort)
        this.#connection.off('error', onError).off('end', onEnd)
        act()
      }
      const onAbort = () => {
        settle(() => reject(signal.reason))
        this.close()
      }
      const onError = (error: Error) => settle(() => reject(error))
      const onEnd = () =>
        setImmediate(() => settle(() => reject(new Error('Connection closed unexpectedly'))))
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort)
      this.#connection.on('error', onError).on('end', onEnd)
      step((error, value) => settle(() => (error === null ? resolve(value as T) : reject(error))))
    })
  }
}

type Done<T> = (error: Error | null, value?: T) => void

/** Connects to the address that was checked, and to no other. */
function fenced(socket: Socket, allowPrivate: boolean): Socket {
  const connect: (options: TcpSocketConnectOpts, connected: () => void) => Socket = socket.connect
  socket.connect = function checked(this: Socket, port: number, host: string, connected: () => void) {
    try {
      checkHost(host, allowPrivate)
    } catch (error) {
      return this.destroy(error as Error)
    }
    return connect.call(this, { port, host, lookup: fencedLookup(allowPrivate) }, connected)
  } as Socket['connect']
  return socket
}

/** Lets what is written within one turn of the event loop leave as one segment: a message is many small writes. */
function gathering(socket: Socket): Socket {
  const write = socket.write
  let corked = false
  const uncork = () => {
    corked = false
    socket.uncork()
  }
  socket.write = function gather(this: Socket, ...parts: Parameters<Socket['write']>) {
    if (!corked) {
      corked = true
      socket.cork()
      setImmediate(uncork)
    }
    return write.apply(this, parts)
  } as Socket['write']
  return socket
}

function ignore(): void {}
