const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-delayed.example\r\n250 PIPELINING\r\n',
  HELO: '250 delayed.example\r\n',
  DATA: '354 go ahead\r\n',
  QUIT: '221 bye\r\n',
}
const OTHER_REPLY = '250 ok\r\n'
const END_OF_DATA = '\r\n.\r\n'

/** A server's half of an SMTP session: it accepts everything and keeps nothing. */
export class Dialogue {
  #unread = ''
  #inData = false

  /** The replies to all that is complete. */
  answer(text: string): string {
    this.#unread += text
    let replies = ''
    for (;;) {
      const terminator = this.#inData ? END_OF_DATA : '\r\n'
      const end = this.#unread.indexOf(terminator)
      if (end === -1) return replies
      const command = this.#inData ? '' : this.#unread.slice(0, 4).toUpperCase()
      this.#unread = this.#unread.slice(end + terminator.length)
      this.#inData = command === 'DATA'
      replies += REPLIES[command] ?? OTHER_REPLY
    }
  }
}
