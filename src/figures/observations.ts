import { countBetween, type SparseHistogram } from '../engine/histogram.ts'
import type {
  FailureRow,
  NameLookup,
  PipeliningRow,
  Result,
  SessionCapRow,
  SlowRecipientsRow,
} from '../engine/result.ts'
import { cutText } from '../text/foreign-text.ts'

export interface Observed
  extends Pick<
    Result,
    | 'refused_recipients'
    | 'session_failures'
    | 'session_caps'
    | 'pipelining'
    | 'slow_recipients'
    | 'idle_sessions'
  > {
  /** Histogram of the connect phase. */
  readonly connect: SparseHistogram
  readonly failures: readonly FailureRow[]
  /** Messages that were accepted. */
  readonly accepted: number
  readonly reconnects?: number
  readonly names?: readonly NameLookup[]
  /** Servers of the user's, and nobody asked to look behind them. */
  readonly isUnverified?: boolean
}

/** A nearby name server or a cache answers within a few. */
const SLOW_LOOKUP_MS = 100

/**
 * An unanswered SYN is retransmitted after 1 s, then after twice the previous wait (RFC 6298 2.1, 5.5):
 * connections open after a little more than 1, 3 or 7 s.
 */
const RETRANSMITS_MS = [1_000, 3_000, 7_000] as const
const SLACK = 0.15

/** What figures of a run usually mean, a sentence each; empty when nothing stands out. */
export function observe({
  connect,
  failures,
  accepted,
  names = [],
  isUnverified = false,
  ...asides
}: Observed): string[] {
  const count = (wanted: (row: FailureRow) => boolean) => countOf(failures, wanted)
  const retransmitted = RETRANSMITS_MS.reduce(
    (sum, ms) => sum + countBetween(connect, ms, ms * (1 + SLACK)),
    0,
  )
  const neverGreeted = count((row) => row.class === 'timeout' && row.phase === 'greeting')
  const noConnect = count((row) => row.class === 'timeout' && row.phase === 'connect')
  const refused = count((row) => row.class === 'connection_refused')
  const local = count((row) => row.class === 'local')
  return [
    ...names
      .filter(({ lookup_ms: tookMs }) => tookMs >= SLOW_LOOKUP_MS)
      .map(
        ({ host, lookup_ms: tookMs }) =>
          `the name server took ${Math.round(tookMs)} ms to answer for ${host}: it was asked once, before the load, and no other figure includes that time`,
      ),
    retransmitted > 0 &&
      `${retransmitted} connections opened just after 1, 3 or 7 s: their SYN was retransmitted, usually because the server's listen backlog was full`,
    neverGreeted > 0 &&
      `${neverGreeted} connections were opened but never greeted: usually the server is at its limit of sessions, or its listen backlog overflowed`,
    noConnect > 0 &&
      `${noConnect} connections did not open in time: a full listen backlog, or a firewall that drops packets`,
    refused > 0 && refusedSentence(refused, failures),
    local > 0 &&
      `${local} messages failed because the load generator's machine, not the target, ran out of resources`,
    ...slowSentences(asides.slow_recipients, accepted + count(() => true)),
    accepted === 0 && nobodyTakes(failures),
    ...observeAsides(asides),
    isUnverified &&
      accepted > 0 &&
      'no one has looked whether the accepted messages arrived, once and whole: STRESS_VERIFY does (--verify sink:2525 for a server that is told to send on to that port, or maildir:, imap:, log:postfix: for where its mail ends up)',
  ].filter((sentence) => sentence !== false)
}

function countOf(rows: readonly FailureRow[], wanted: (row: FailureRow) => boolean): number {
  return rows.reduce((sum, row) => sum + (wanted(row) ? row.count : 0), 0)
}

/** Each server has greeted before a load, or there is none. */
function refusedSentence(refused: number, failures: readonly FailureRow[]): string {
  const rows = failures.filter((row) => row.class === 'connection_refused')
  const first = Math.min(...rows.map((row) => row.first_at_seconds))
  const last = Math.max(...rows.map((row) => row.last_at_seconds))
  const when = first === last ? `${first.toFixed(1)} s` : `${first.toFixed(1)} to ${last.toFixed(1)} s`
  return `${counted(refused, 'connection was', 'connections were')} refused ${when} after the start, by a server that had greeted before the load: it had ended, or it stopped listening while it runs, as sendmail does while the machine's load average is above its RefuseLA`
}

/** A server as it was installed, asked to relay: by far the most frequent fault of a first run. */
function nobodyTakes(failures: readonly FailureRow[]): string | false {
  const [first] = failures.filter(({ class: kind, phase }) => kind === 'reply' && phase === 'envelope')
  if (first === undefined) return false
  return `no message was accepted, and MAIL or RCPT was refused ("${cutText(first.text, MOST_REPLY)}"): let the server accept these addresses, or name others with STRESS_SENDER and STRESS_RECIPIENT`
}

/** A single recipient that waits in a load of thousands says nothing of the server, unless it was refused then. */
const FEW_SLOW = 0.01

/** A wait at RCPT is no refusal and no silence of the network: what comes of it is told by what was waited for. */
function slowSentences(rows: readonly SlowRecipientsRow[] = [], messages: number): string[] {
  return rows
    .filter(({ answered, refused, unanswered }) => refused + unanswered > 0 || answered > messages * FEW_SLOW)
    .map(({ target, answered, refused, unanswered, longest_ms: longestMs }) => {
      const late = `${counted(answered, 'recipient was', 'recipients were')} answered after 2 s or later, ${(longestMs / 1000).toFixed(1)} s at most`
      const then =
        refused === 0
          ? ''
          : `, and ${refused === answered ? 'refused then' : `${refused} of them refused then`}`
      const never = `${answered === 0 ? '' : '; '}${counted(unanswered, 'message', 'messages')} ended at the time limit while a recipient waited for its answer`
      const why =
        refused + unanswered === 0
          ? ''
          : ': servers let clients wait on purpose for recipients that they do not know, one after another (STRESS_RECIPIENT names others; STRESS_TIMEOUT is the limit for each)'
      return `${target} is slow at RCPT: ${answered === 0 ? '' : `${late}${then}`}${unanswered === 0 ? '' : never}${why}`
    })
}

/** Trouble with recipients and sessions that shows in no message's outcome. */
function observeAsides({
  refused_recipients: recipients = [],
  session_failures: badly = [],
  session_caps: caps = [],
  pipelining = [],
  idle_sessions: idle,
  reconnects = 0,
}: Omit<Observed, 'connect' | 'failures' | 'accepted' | 'isUnverified'>): (string | false)[] {
  const refused = countOf(recipients, () => true)
  return [
    refused > 0 &&
      `${counted(refused, 'recipient was', 'recipients were')} refused while their messages were accepted for others: these messages count as accepted`,
    reconnects > 0 &&
      `${counted(reconnects, 'message', 'messages')} went to a new session: the server had closed the previous one, or sent 421, before it answered MAIL`,
    ...caps.map(capSentence),
    ...idleSentences(idle),
    ...pipeliningSentences(pipelining),
    ...sessionSentences(badly),
  ]
}

/** Not an error of the load: nothing was asked of these sessions. */
function idleSentences(idle: Result['idle_sessions']): string[] {
  const renewed = idle?.renewed ?? 0
  return (idle?.limits ?? []).map(({ target, after_seconds: limit, text }) => {
    const then =
      renewed === 0
        ? ''
        : `; ${counted(renewed, 'session was', 'sessions were')} renewed, those after the first before that`
    const what = /^[24]21 (?!4\.3\.2)/.test(text)
      ? 'its idle limit'
      : 'its idle limit, unless it went down then'
    return `${target} ends a session in which nothing is said after ${limit.toFixed(1)} s ("${cutText(text, MOST_REPLY)}"): ${what}${then}`
  })
}

/** Replies may be long; the JSON has their full text. */
const MOST_REPLY = 80

function capSentence({ target, messages, sessions, text }: SessionCapRow): string {
  return `${target} takes ${counted(messages, 'message', 'messages')} per session and then replies "${cutText(text, MOST_REPLY)}" (seen in ${counted(sessions, 'session', 'sessions')}): STRESS_MESSAGES_PER_SESSION=${messages} avoids these deferrals`
}

function pipeliningSentences(rows: readonly PipeliningRow[]): (string | false)[] {
  const trials = rows.reduce((sum, row) => sum + row.trial_messages, 0)
  return [
    ...rows.map(
      ({ target, asked, used, why, sent_again: again }) =>
        why !== undefined &&
        `${target} was sent to at pipelining level ${used}, not ${asked}: ${cutText(why, MOST_WHY)}${foundInLoad(again, used)}`,
    ),
    trials > 0 &&
      `${counted(trials, 'trial message was', 'trial messages were')} sent before the load to see how the servers handle pipelining; no figure counts ${trials === 1 ? 'it' : 'them'}, and STRESS_PIPELINING_TRIAL=0 leaves ${trials === 1 ? 'it' : 'them'} out`,
  ]
}

/** Nothing where a trial found it, before the load. */
function foundInLoad(again: number | undefined, used: string): string {
  if (again === undefined) return ''
  const messages = counted(
    again,
    'message that it refused for that was',
    'messages that it refused for that were',
  )
  return `; the load found it${again === 0 ? '' : `, and ${messages} sent again`}: STRESS_PIPELINING=${used} asks for that level from the start`
}

/** It may hold two replies. */
const MOST_WHY = 300

function sessionSentences(rows: readonly FailureRow[]): (string | false)[] {
  const atQuit = rows.filter(({ phase }) => phase === 'quit')
  const count = (...classes: FailureRow['class'][]) => countOf(atQuit, (row) => classes.includes(row.class))
  const silent = count('timeout')
  const notAwaited = count('aborted')
  const ended = count('connection_closed', 'connection_reset')
  const all = countOf(atQuit, () => true)
  const reset = countOf(rows, ({ phase }) => phase === 'reset')
  const sessions = (number: number, verb = ['', '']) =>
    counted(number, `session${verb[0]}`, `sessions${verb[1]}`)
  return [
    silent > 0 &&
      `${sessions(silent)} got no reply to QUIT within 5 s (or within STRESS_TIMEOUT, if that is shorter)`,
    notAwaited > 0 &&
      `${sessions(notAwaited, [' was', ' were'])} closed right after QUIT without waiting for a reply: the server had not replied to earlier ones`,
    ended > 0 && `${sessions(ended, [' was', ' were'])} closed by the server at QUIT without a 221 reply`,
    all > silent + notAwaited + ended &&
      `${sessions(all - silent - notAwaited - ended)} got a reply other than 221 to QUIT`,
    reset > 0 &&
      `${sessions(reset)} ended because RSET got a reply other than 250; no message's time includes this`,
  ]
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
