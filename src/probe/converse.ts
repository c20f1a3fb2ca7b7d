import { type Clock, systemClock } from '../engine/clock.ts'
import { cutText } from '../foreign-text.ts'
import { Conversation, type Heard, type ProbeTarget } from './conversation.ts'
import type { Step } from './step.ts'
import { type Exchange, Talk } from './talk.ts'

export interface ConverseOptions {
  /** For each reply, unless the step says otherwise. */
  readonly waitMs: number
  /** For the whole conversation. */
  readonly limitMs: number
  /** How long a reply that nothing asked for is waited for before anything is sent; 0 when not said. */
  readonly settleMs?: number
  readonly clock?: Clock
}

const MAX_SHOWN = 160
/** At the end of a conversation there may be one reply more than was asked for. */
const LAST_SETTLE_MS = 20
/** Of one conversation: a thousand recipients are not waited for one by one. */
const MAX_SETTLES = 10

/** Plays the steps on one connection of their own; ends with the first that has nothing to stand on. */
export async function converse(
  target: ProbeTarget,
  steps: readonly Step[],
  { waitMs, limitMs, settleMs = 0, clock = systemClock }: ConverseOptions,
): Promise<Talk> {
  const conversation = new Conversation(target, clock)
  const endMs = clock.nowMs() + limitMs
  const exchanges: Exchange[] = []
  try {
    for (const step of steps) {
      if (step.when?.(new Talk(exchanges)) === false) continue
      if (!standsOn(step, exchanges.at(-1))) break
      const send = typeof step.send === 'string' ? step.send : step.send(new Talk(exchanges))
      if (send === undefined) break
      // Else it would be taken for the answer to what is sent now.
      if (send !== '' && exchanges.length > 0) {
        const withinMs = exchanges.length <= MAX_SETTLES ? settleMs : 0
        addUnasked(exchanges, await conversation.unasked(withinMs))
      }
      const startedMs = clock.nowMs()
      const untilMs = Math.min(endMs, startedMs + (step.withinMs ?? waitMs))
      conversation.send(send)
      const came = await conversation.replies(step.replies ?? 1, untilMs)
      const begunTls = step.thenSecure && came.replies.at(-1)?.code === 220
      // RFC 3207 6: what came in the clear behind it must not be taken for what comes under TLS.
      const inTheClear = begunTls ? await conversation.unasked(0) : undefined
      if (begunTls) await conversation.secure(untilMs)
      const ending = came.ending ?? (conversation.ending === 'tls failed' ? 'tls failed' : undefined)
      exchanges.push({
        name: step.name,
        sent: step.shown ?? shownOf(send),
        replies: came.replies,
        ...(came.strays.length === 0 ? {} : { strays: came.strays }),
        ...(ending === undefined ? {} : { ending }),
        tookMs: clock.nowMs() - startedMs,
      })
      if (inTheClear !== undefined) addUnasked(exchanges, inTheClear)
      if (conversation.ending !== undefined) break
      // An answer that comes after its time would be taken for the next one.
      if (ending === 'time over' && step.withinMs === undefined) break
    }
    if (exchanges.every(({ ending }) => ending === undefined)) {
      addUnasked(exchanges, await conversation.unasked(LAST_SETTLE_MS))
    }
  } finally {
    await conversation.close()
  }
  return new Talk(exchanges)
}

/** To the exchange after which it came. */
function addUnasked(exchanges: Exchange[], { replies: all, strays }: Heard): void {
  // RFC 5321 3.8: a server that has to end may say 421 at any time.
  const replies = all.filter(({ code }) => code !== 421)
  const last = exchanges.pop()
  if (last === undefined) return
  exchanges.push({
    ...last,
    ...(replies.length === 0 ? {} : { unasked: [...(last.unasked ?? []), ...replies] }),
    ...(strays.length === 0 ? {} : { strays: [...(last.strays ?? []), ...strays] }),
  })
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
  return cutText(shown, MAX_SHOWN)
}
