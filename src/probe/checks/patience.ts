import { type Check, type Judgement, MIN_PATIENCE_MS } from '../check.ts'
import { GO_AHEAD, HELLO, messageText, type ProbeContext, type Step, upToData, WHATEVER } from '../step.ts'
import { secondsText, type Talk } from '../talk.ts'

function silence({ waitMs }: ProbeContext): Step {
  return { name: 'silence', send: '', shown: 'nothing', withinMs: waitMs, after: WHATEVER }
}

/** RFC 5321 4.5.3.2.7: a server should wait at least five minutes for the next command. */
function judgeSilence(talk: Talk): Judgement {
  const { tookMs = 0, ending, replies = [] } = talk.exchange('silence') ?? {}
  const code = replies.at(-1)?.code
  if (ending === 'too much' || (code !== undefined && code < 400)) {
    return { verdict: 'unknown', note: 'it says something that nothing asked for: see its replies' }
  }
  if (replies.length === 0 && ending === 'time over') {
    const note = `longer than ${secondsText(tookMs)}`
    // It was not waited for long enough to know.
    return { verdict: tookMs >= MIN_PATIENCE_MS ? 'conforms' : 'unknown', note }
  }
  const note = `it ends the session after ${secondsText(tookMs)}`
  return { verdict: tookMs >= MIN_PATIENCE_MS ? 'conforms' : 'deviates', note }
}

/** How long a server waits for a client that says nothing; these take their time side by side. */
export const PATIENCE_CHECKS: readonly Check[] = [
  {
    id: 'patience-start',
    title: 'Silence after the greeting',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [
      { name: 'greeting', send: '' },
      { ...silence(context), after: /^220/ },
    ],
    judge: judgeSilence,
  },
  {
    id: 'patience-command',
    title: 'Silence after EHLO',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [...HELLO, { ...silence(context), after: /^250/ }],
    judge: judgeSilence,
  },
  {
    id: 'patience-data',
    title: 'Silence within a message',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [
      ...upToData(context),
      {
        ...silence(context),
        send: messageText(context, 'silence', 'to be'),
        shown: 'half a message, then nothing',
        after: GO_AHEAD,
      },
    ],
    judge: judgeSilence,
  },
]
