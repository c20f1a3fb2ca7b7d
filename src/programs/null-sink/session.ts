const CR = 0x0d
const LF = 0x0a
const END_OF_DATA = Buffer.from('\r\n.\r\n')
/** RFC 3030 2; the letters are compared as they come. */
const BDAT = /^BDAT (\d{1,15})( LAST)?$/i

const GREETING = '220 null.example ESMTP\r\n'
const HELLO = '250-null.example\r\n250-PIPELINING\r\n250 CHUNKING\r\n'
const OK = '250 ok\r\n'
const GO_AHEAD = '354 go ahead\r\n'
const BYE = '221 bye\r\n'
const BAD_SIZE = '501 BDAT has no size\r\n'
const NO_RECIPIENT = '503 RCPT first\r\n'

/**
 * A server's half of an SMTP session that takes every message and keeps nothing: what is left is the least that
 * a server in Node can do. Octets in, replies out; it knows no socket.
 */
export class NullSession {
  static readonly greeting = GREETING
  /** Of a line, or of the end of a message. */
  #unread: Buffer | undefined
  #inData = false
  /** The end of the message is not before here in what is unread. */
  #searchFrom = 0
  #chunkBytesLeft = 0
  /** Reply to the chunk when all of it has come. */
  #chunkReply = OK
  #recipients = 0
  /** Messages that it has taken. */
  taken = 0
  /** QUIT came, or what follows cannot be told from commands. */
  hasEnded = false

  /** The replies to all that is complete. */
  answer(octets: Buffer): string {
    let input = octets
    if (this.#unread !== undefined) {
      input = Buffer.concat([this.#unread, octets])
      this.#unread = undefined
    }
    let replies = ''
    let at = 0
    while (at < input.length && !this.hasEnded) {
      if (this.#chunkBytesLeft > 0) {
        const taken = Math.min(this.#chunkBytesLeft, input.length - at)
        this.#chunkBytesLeft -= taken
        at += taken
        if (this.#chunkBytesLeft === 0) replies += this.#chunkEnded()
        continue
      }
      const end = this.#inData ? input.indexOf(END_OF_DATA, at + this.#searchFrom) : input.indexOf(LF, at)
      if (end === -1) {
        this.#keep(input, at)
        break
      }
      this.#searchFrom = 0
      if (this.#inData) {
        this.#inData = false
        this.taken++
        replies += OK
        at = end + END_OF_DATA.length
        continue
      }
      replies += this.#command(input, at, end > at && input[end - 1] === CR ? end - 1 : end)
      at = end + 1
    }
    return replies
  }

  #keep(input: Buffer, from: number): void {
    this.#unread = Buffer.from(input.subarray(from))
    // An end may have begun.
    if (this.#inData) this.#searchFrom = Math.max(0, this.#unread.length - END_OF_DATA.length)
  }

  /** By two letters, which tell the commands that come in a load apart; all others are taken. */
  #command(input: Buffer, from: number, to: number): string {
    switch (((input[from] as number) & 0xdf) * 256 + ((input[from + 1] as number) & 0xdf)) {
      case 0x5243: // RC
        this.#recipients++
        return OK
      case 0x4d41: // MA
      case 0x5253: // RS
        this.#recipients = 0
        return OK
      case 0x4244: // BD
        return this.#chunk(input.toString('latin1', from, to))
      case 0x4441: // DA
        this.#inData = true
        // CRLF of the command counts for a dot in the first line (RFC 5321 4.1.1.4); no load of ours begins so.
        return GO_AHEAD
      case 0x4548: // EH
        return HELLO
      case 0x5155: // QU
        this.hasEnded = true
        return BYE
      default:
        return OK
    }
  }

  /** RFC 3030 2: also the chunk of an envelope without recipients is read to its end. */
  #chunk(line: string): string {
    const [, size] = BDAT.exec(line) ?? []
    if (size === undefined) {
      this.hasEnded = true
      return BAD_SIZE
    }
    this.#chunkReply = this.#recipients > 0 ? OK : NO_RECIPIENT
    this.#chunkBytesLeft = Number(size)
    return this.#chunkBytesLeft === 0 ? this.#chunkEnded() : ''
  }

  #chunkEnded(): string {
    if (this.#chunkReply === OK) this.taken++
    return this.#chunkReply
  }
}
