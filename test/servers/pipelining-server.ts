import type { Socket } from 'node:net'

/** What a server does with what came in one segment with the end of a message, or with a refused chunk. */
export interface Habits {
  readonly extensions: readonly string[]
  /** Behind the end of a message: taken; lost; answered by 503; the session ends, and the message has no answer. */
  readonly behind?: 'lost' | '503' | 'ends'
  readonly swallows?: boolean
  /** Instead of 250 to the end of a message. */
  readonly taken?: string
  /** Instead of 250 to RCPT. */
  readonly rcpt?: string
  readonly silentAtBdat?: boolean
  /** Instead of 250 to MAIL. */
  readonly mail?: string
  /** What comes with the end of the message of this number is lost, and nothing else. */
  readonly deafAt?: number
}

export const BOTH = ['PIPELINING', 'CHUNKING']

/** Takes mail by DATA and BDAT; of some habits of real servers. */
export class PipeliningServer {
  readonly messages: string[] = []
  /** MAIL behind the end of a message that was answered by 503. */
  refusedBehind = 0
  readonly #habits: Habits

  constructor(habits: Habits) {
    this.#habits = habits
  }

  readonly talk = (socket: Socket): void => {
    const {
      extensions,
      behind,
      swallows = true,
      taken = '250 taken',
      rcpt = '250 ok',
      mail = '250 ok',
    } = this.#habits
    let input = ''
    let isData = false
    let hasSender = false
    let recipients = 0
    const say = (reply: string) => socket.write(`${reply}\r\n`)
    const end = (message: string) => {
      this.messages.push(message)
      hasSender = false
      recipients = 0
      if (behind === 'ends' && input !== '') {
        socket.destroy()
        return
      }
      say(taken)
      // As a server does that waits for its queue before it reads on.
      if (behind === '503')
        for (const line of input.split('\r\n').slice(0, -1)) {
          if (line.startsWith('MAIL')) this.refusedBehind++
          if (line !== '') say('503 not now')
        }
      if (behind !== undefined || this.messages.length === this.#habits.deafAt) input = ''
    }
    const command = (line: string) => {
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO')
        say(['250-fake', ...extensions.map((name) => `250-${name}`), '250 HELP'].join('\r\n'))
      else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else if (verb === 'MAIL') {
        say(hasSender ? '503 nested' : mail)
        hasSender = mail.startsWith('2')
      } else if (verb === 'RCPT') {
        const said = hasSender ? rcpt : '503 MAIL first'
        if (said.startsWith('2')) recipients++
        say(said)
      } else if (verb === 'RSET') {
        hasSender = false
        recipients = 0
        say('250 ok')
      } else if (verb === 'DATA' && recipients > 0) {
        isData = true
        say('354 go')
      } else if (verb === 'BDAT') {
        const size = Number(line.split(' ')[1])
        const octets = input.slice(0, size)
        if (this.#habits.silentAtBdat === true) input = ''
        else if (recipients > 0) {
          input = input.slice(size)
          end(octets)
        } else {
          if (swallows) input = input.slice(size)
          say('503 RCPT first')
        }
      } else say('500 what?')
    }
    socket.setNoDelay(true)
    say('220 fake')
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1')
      for (;;) {
        const mark = isData ? '\r\n.\r\n' : '\r\n'
        const at = input.indexOf(mark)
        if (at === -1) return
        const text = input.slice(0, at)
        input = input.slice(at + mark.length)
        if (isData) {
          isData = false
          end(text)
        } else command(text)
      }
    })
  }
}
