import { type Clock, systemClock } from '../load/clock.ts'
import { Conversation, type ProbeTarget } from './conversation.ts'
import type { Step } from './step.ts'
import { type Exchange, Talk } from './talk.ts'

export interface ConverseOptions {
  /** For each reply, unless the step says otherwise. */
  readonly waitMs: number
  /** For the whole conversation. */
  readonly limitMs: number
  readonly clock?: Clock
}

const MAX_SHOWN = 160

/** Plays the steps on one connection of their own; ends with the first that has nothing to stand on. */
export async function converse(
  target: ProbeTarget,
  steps: readonly Step[],
  { waitMs, limitMs, clock = systemClock }: ConverseOptions,
): Promise<Talk> {
  const conversation = new Conversation(target, clock)
  const endMs = clock.nowMs() + limitMs
  const exchanges: Exchange[] = []
  try {
    for (const step of steps) {
      if (!standsOn(step, exchanges.at(-1))) break
      const send = typeof step.send === 'string' ? step.send : step.send(new Talk(exchanges))
      if (send === undefined) break
      const startedMs = clock.nowMs()
      const untilMs = Math.min(endMs, startedMs + (step.withinMs ?? waitMs))
      conversation.send(send)
      const came = await conversation.replies(step.replies ?? 1, untilMs)
      if (step.thenSecure && came.replies.at(-1)?.code === 220) await conversation.secure(untilMs)
      exchanges.push({
        name: step.name,
        sent: step.shown ?? shownOf(send),
        replies: came.replies,
        ...endingOf(came.ending ?? (conversation.ending === 'tls failed' ? 'tls failed' : undefined)),
        tookMs: clock.nowMs() - startedMs,
      })
      if (conversation.ending !== undefined) break
    }
  } finally {
    await conversation.close()
  }
  return new Talk(exchanges)
}

function endingOf(ending: Exchange['ending']): Pick<Exchange, 'ending'> {
  return ending === undefined ? {} : { ending }
}

function standsOn({ after }: Step, before: Exchange | undefined): boolean {
  return after === undefined || after.test(String(before?.replies.at(-1)?.code ?? ''))
}

/** Line ends as words, so that a bare one can be seen. */
function shownOf(octets: string): string {
  const shown = octets
    .replace(/\r\n$/, '')
    .replaceAll('\r\n', ' ⏎ ')
    .replaceAll('\r', '<CR>')
    .replaceAll('\n', '<LF>')
  return shown.length <= MAX_SHOWN ? shown : `${shown.slice(0, MAX_SHOWN - 1)}…`
}
