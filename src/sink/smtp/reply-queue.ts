import type { Socket } from 'node:net'

/**
 * Replies in order, several to a write. One that is not known yet (the content is being stored) holds
 * back those behind it, as pipelining demands (RFC 2920 3.2).
 */
export class ReplyQueue {
  readonly #socket: Socket
  #replies: string[] = []
  #unknown = 0
  #ending = false

  constructor(socket: Socket) {
    this.#socket = socket
    // A client that does not read its replies may not make us keep them without end.
    socket.on('drain', () => socket.resume())
  }

  push(reply: string): void {
    this.#replies.push(reply)
  }

  /** Keeps a place; the returned function fills it. */
  reserve(): (reply: string) => void {
    const index = this.#replies.push('') - 1
    this.#unknown += 1
    return (reply) => {
      this.#replies[index] = reply
      this.#unknown -= 1
      this.flush()
    }
  }

  /** Sends what is there, unless a reply among it is still unknown. */
  flush(): void {
    if (this.#unknown > 0) return
    if (this.#replies.length > 0) {
      const text = this.#replies.length === 1 ? (this.#replies[0] ?? '') : this.#replies.join('')
      this.#replies = []
      if (this.#socket.writable && !this.#socket.write(text, 'latin1')) this.#socket.pause()
    }
    // Not end(): a client that never closes its side would keep the socket.
    if (this.#ending) this.#socket.destroySoon()
  }

  /** Closes the connection once everything is sent. */
  end(): void {
    this.#ending = true
    this.flush()
  }
}
