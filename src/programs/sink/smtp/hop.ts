/** How the sink treats the relay before it: takes mail, takes its time, puts it off, or is not there. */
export type HopBehaviour =
  | { readonly mode: 'takes' }
  /** Each message is taken this long after its end; only then it has arrived. */
  | { readonly mode: 'slow'; readonly ms: number }
  /** Each recipient is put off by a reply of 4yz (RFC 5321 4.2.1). */
  | { readonly mode: 'refuses'; readonly code: number }
  /** Nothing listens, and no session is open. */
  | { readonly mode: 'away' }

export const TAKES: HopBehaviour = { mode: 'takes' }

/** RFC 5321 4.5.3.2.6: a client waits 10 minutes for the reply to the end of a message. */
const MOST_SLOW_MS = 600_000

/** From the query of a request: `mode=slow&ms=500`, `mode=refuses&code=451`, `mode=away`, `mode=takes`. */
export function readHopBehaviour(query: URLSearchParams): HopBehaviour | { readonly wrong: string } {
  const mode = query.get('mode')
  const number = (name: string) => (/^\d{1,6}$/.test(query.get(name) ?? '') ? Number(query.get(name)) : -1)
  switch (mode) {
    case 'takes':
    case 'away':
      return { mode }
    case 'slow': {
      const ms = number('ms')
      return ms >= 0 && ms <= MOST_SLOW_MS
        ? { mode, ms }
        : { wrong: `ms has to be a whole number up to ${MOST_SLOW_MS}` }
    }
    case 'refuses': {
      const code = number('code')
      return code >= 400 && code <= 499 ? { mode, code } : { wrong: 'code has to be from 400 to 499' }
    }
    default:
      return { wrong: 'mode has to be takes, slow, refuses or away' }
  }
}

/** The behaviour of the moment, shared by all sessions. */
export class HopSwitch {
  behaviour: HopBehaviour = TAKES

  get slowMs(): number | undefined {
    return this.behaviour.mode === 'slow' ? this.behaviour.ms : undefined
  }

  /** Reply to each RCPT; undefined when recipients are taken. */
  get refusal(): string | undefined {
    return this.behaviour.mode === 'refuses'
      ? `${this.behaviour.code} 4.3.2 Not now, come again later\r\n`
      : undefined
  }
}
