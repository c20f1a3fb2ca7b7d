import { systemClock } from '../../../src/engine/clock.ts'
import { openConnections } from '../../../src/probe/connections.ts'
import { probe } from '../../../src/probe/probe.ts'
import { cameText } from '../../../src/probe/talk.ts'
import { foreignText } from '../../../src/text/foreign-text.ts'
import type { Steps } from '../record.ts'
import type { Booted } from './booted.ts'
import { Dialogue, lineOf, NotReached } from './dialogue.ts'

/** What is measured, without its stamp. */
export type Figures<Name extends keyof Steps> = Unstamped<NonNullable<Steps[Name]>>
type Unstamped<Step> = Step extends unknown ? Omit<Step, 'mailstorm' | 'measured_at'> : never

const WAIT_MS = 6_000
const PROBED_CONNECTIONS = 120

export async function probeOf(
  { name, target, file }: Booted,
  signal: AbortSignal,
): Promise<Figures<'probe'>> {
  if (file.ports[0] === 'lmtp') return { why_none: 'the probe asks SMTP servers, and this is LMTP' }
  const report = await probe({
    name,
    target,
    stamp: '',
    signal,
    context: {
      sender: 'sender@mailstorm.test',
      recipient: file.recipient,
      waitMs: WAIT_MS,
      quietMs: 1_500,
      connections: PROBED_CONNECTIONS,
      runId: `wild-${process.pid}`,
    },
  })
  const { wait_seconds, counts, rows } = report
  return {
    wait_seconds,
    counts: { ...counts },
    rows: rows.map(({ id, verdict, came, note }) => ({ id, verdict, came, note })),
  }
}

export async function offersOf(server: Booted): Promise<Figures<'offers'>> {
  try {
    await using dialogue = await Dialogue.hello(server)
    dialogue.send('QUIT')
    const { greeting, extensions } = dialogue
    return { greeting, extensions: extensions.map((line) => foreignText(line, 200)) }
  } catch (error) {
    return whyNone(error)
  }
}

const MOST_RECIPIENTS = 2_000
const RECIPIENTS_WITHIN_MS = 60_000

/** One recipient after another, in one transaction, until one is refused. Nothing is sent to them. */
export async function recipientsOf(server: Booted, signal: AbortSignal): Promise<Figures<'recipients'>> {
  const [local, domain] = server.file.recipient.split('@')
  const endMs = systemClock.nowMs() + RECIPIENTS_WITHIN_MS
  try {
    await using dialogue = await Dialogue.hello(server)
    await dialogue.want(2, 'MAIL FROM:<sender@mailstorm.test>')
    let accepted = 0
    let next: string | null = null
    while (accepted < MOST_RECIPIENTS && next === null) {
      signal.throwIfAborted()
      if (systemClock.nowMs() > endMs) {
        next = `no more were tried after ${RECIPIENTS_WITHIN_MS / 1000} s`
        break
      }
      try {
        const reply = await dialogue.say(`RCPT TO:<${local}+${accepted + 1}@${domain}>`)
        if (reply.code < 300) accepted++
        else next = lineOf(reply)
      } catch (error) {
        if (!(error instanceof NotReached)) throw error
        next = error.message
      }
    }
    dialogue.send('QUIT')
    return { bound: MOST_RECIPIENTS, accepted, next }
  } catch (error) {
    return whyNone(error)
  }
}

const MOST_CONNECTIONS = 200

export async function connectionsOf({ target }: Booted): Promise<Figures<'connections'>> {
  const context = { connections: MOST_CONNECTIONS, waitMs: WAIT_MS, sender: '', recipient: '', quietMs: 0 }
  const { greeted, next, timeOver } = await openConnections(target, { ...context, runId: '' }, systemClock)
  return {
    bound: MOST_CONNECTIONS,
    greeted,
    next: next === undefined ? (timeOver ? 'no more were tried after 60 s' : null) : cameText(next),
  }
}

const IDLE_BOUND_SECONDS = 660

/** Three sessions beside each other say nothing more, at three places, until the server ends them. */
export async function idleOf(server: Booted, signal: AbortSignal): Promise<Figures<'idle'>> {
  const [after_greeting, after_ehlo, within_message] = await Promise.all([
    silenceOf(signal, async () => {
      const dialogue = new Dialogue(server)
      await dialogue.want(2, '')
      return dialogue
    }),
    silenceOf(signal, () => Dialogue.hello(server)),
    silenceOf(signal, async () => {
      const dialogue = await Dialogue.hello(server)
      await dialogue.want(2, 'MAIL FROM:<sender@mailstorm.test>')
      await dialogue.want(2, `RCPT TO:<${server.file.recipient}>`)
      await dialogue.want(3, 'DATA')
      dialogue.send('Subject: the rest of this message never comes')
      return dialogue
    }),
  ])
  return { bound_seconds: IDLE_BOUND_SECONDS, after_greeting, after_ehlo, within_message }
}

type Silence = Extract<Figures<'idle'>, { bound_seconds: number }>['after_ehlo']

async function silenceOf(signal: AbortSignal, begin: () => Promise<Dialogue>): Promise<Silence> {
  try {
    await using dialogue = await begin()
    const startedMs = systemClock.nowMs()
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    const { replies, ending } = await Promise.race([dialogue.listen(IDLE_BOUND_SECONDS * 1000), aborted])
    if (replies.length === 0 && ending === 'time over') return { seconds: null, how: 'stays', text: '' }
    const seconds = Math.round((systemClock.nowMs() - startedMs) / 100) / 10
    const [reply] = replies
    if (reply !== undefined) return { seconds, how: String(reply.code), text: lineOf(reply) }
    return { seconds, how: ending === 'closed' ? 'silent' : (ending ?? 'silent'), text: '' }
  } catch (error) {
    if (!(error instanceof NotReached)) throw error
    return { seconds: null, how: 'not reached', text: error.message }
  }
}

function whyNone(error: unknown): { why_none: string } {
  if (!(error instanceof NotReached)) throw error
  return { why_none: `the session did not get there: ${error.message}` }
}
