import { systemClock } from '../../../src/engine/clock.ts'
import { Conversation } from '../../../src/probe/conversation.ts'
import { type Reply, replyText } from '../../../src/probe/talk.ts'
import { foreignText } from '../../../src/text/foreign-text.ts'
import type { Booted } from './booted.ts'

/** A busy machine with many servers on it. */
const REPLY_WITHIN_MS = 60_000
const SHOWN_CHARS = 160

/** Why a dialogue did not get where it was to go. */
export class NotReached extends Error {}

/** One session, a command at a time. */
export class Dialogue implements AsyncDisposable {
  readonly #conversation: Conversation
  greeting = ''
  /** Lines of the reply to EHLO after the first. */
  extensions: readonly string[] = []

  constructor({ target }: Booted) {
    this.#conversation = new Conversation(target, systemClock)
  }

  /** Its greeting, EHLO (LHLO; HELO where it knows no other) and, where it wants one, a login. */
  static async hello(server: Booted): Promise<Dialogue> {
    const dialogue = new Dialogue(server)
    dialogue.greeting = lineOf(await dialogue.want(2, ''))
    const verb = server.file.ports[0] === 'lmtp' ? 'LHLO' : 'EHLO'
    const hello = await dialogue.say(`${verb} client.mailstorm.test`)
    if (hello.code >= 500) await dialogue.want(2, 'HELO client.mailstorm.test')
    dialogue.extensions = hello.code === 250 ? hello.lines.slice(1) : []
    const { auth } = server.file
    if (auth !== undefined) {
      const initial = Buffer.from(`\0${auth.user}\0${auth.pass}`).toString('base64')
      await dialogue.want(2, `AUTH PLAIN ${initial}`)
    }
    return dialogue
  }

  /** Sends a line, or with '' only waits. Rejects when no reply comes. */
  async say(line: string, withinMs = REPLY_WITHIN_MS): Promise<Reply> {
    this.send(line)
    const { replies, ending } = await this.#conversation.replies(1, systemClock.nowMs() + withinMs)
    const [reply] = replies
    if (reply === undefined) throw new NotReached(`${shown(line)}: ${ending ?? 'no reply'}`)
    return reply
  }

  /** As `say`; rejects when the reply is none of this class (2yz, 3yz). */
  async want(kind: 2 | 3, line: string): Promise<Reply> {
    const reply = await this.say(line)
    if (Math.floor(reply.code / 100) !== kind) throw new NotReached(`${shown(line)}: ${lineOf(reply)}`)
    return reply
  }

  send(line: string): void {
    if (line !== '') this.#conversation.send(`${line}\r\n`)
  }

  /** What comes by itself until then. */
  async listen(forMs: number) {
    return this.#conversation.replies(1, systemClock.nowMs() + forMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#conversation.close()
  }
}

function shown(line: string): string {
  return line === '' ? 'the greeting' : (line.split(' ')[0] ?? line)
}

/** A reply in a line, for a record. */
export function lineOf(reply: Reply): string {
  return foreignText(replyText(reply), SHOWN_CHARS)
}
