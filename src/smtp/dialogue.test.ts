import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import {
  close,
  hang,
  OFFERS_CHUNKING,
  raw,
  reset,
  type Script,
  type Steps,
  say,
} from '../../test/servers/script.ts'
import type { Expected, Situation } from '../../test/truth/situation.ts'
import { earlyGroup } from '../../test/truth/situations-early.ts'
import { envelopeGroup } from '../../test/truth/situations-envelope.ts'
import { lmtpGroup } from '../../test/truth/situations-lmtp.ts'
import { oddGroup } from '../../test/truth/situations-odd.ts'
import { secureGroups } from '../../test/truth/situations-secure.ts'
import { stageGroups } from '../../test/truth/situations-stages.ts'
import { Dialogue, type DialogueEvents } from './dialogue.ts'
import { endsSession, type SmtpFailure } from './failure.ts'
import { envelopeFor } from './mail/envelope.ts'
import { ScriptedWire } from './scripted-wire.fixture.ts'
import { PhaseTimer, PIPELINING_LEVELS, type PipeliningLevel, type TlsOptions } from './target.ts'

const NO_TLS: TlsOptions = { mode: 'none', verify: true }
const CHUNK = 'Subject: x\r\n\r\nx\r\n'
const MESSAGE = Buffer.from('Subject: x\r\n\r\nx\r\n.\r\n')

interface Played extends Pick<Situation, 'script' | 'sending'> {
  readonly level: PipeliningLevel
  readonly messages?: number
}

/** One session: how each message ended, up to the end of the session, and what was written. */
function play({ script, level, messages = 1, sending = {} }: Played) {
  const { recipients = ['b@example.com'], tls = NO_TLS, auth, protocol } = sending
  const wire = new ScriptedWire(script, tls)
  const envelope = envelopeFor('a@example.com', recipients, undefined)
  const ends: string[] = []
  let begun = 0
  let follows = false
  const end = (failure: SmtpFailure | undefined) =>
    ends.push(endOf(failure === undefined ? { outcome: 'accepted' } : { ...failure.failure, ...failure }))
  const begin = (isSent: boolean) => {
    const isPipelined = level !== 'off' && dialogue.capabilities.pipelining
    begun++
    dialogue.begin(new PhaseTimer(), envelope, isPipelined, isSent)
  }
  const goOn = () => {
    const isSent = follows
    follows = false
    if (begun < messages) begin(isSent)
  }
  const events: DialogueEvents = {
    opened: () => begin(false),
    refused: end,
    goAhead() {
      follows = level === 'transactions' && dialogue.capabilities.pipelining && begun < messages
      dialogue.message(
        follows ? [MESSAGE, Buffer.from(envelope.whole)] : [MESSAGE],
        follows ? envelope : undefined,
      )
    },
    ended() {
      const { failure, begun: isBegun, needsReset } = dialogue
      end(failure)
      if (!isBegun) ends.push('not begun')
      if (failure !== undefined && endsSession(failure)) return
      if (needsReset) ends.push('RSET')
      if (needsReset) dialogue.reset()
      else goOn()
    },
    cleared(failure) {
      if (failure === undefined) goOn()
    },
  }
  const dialogue = new Dialogue(
    wire,
    new PhaseTimer(),
    { target: { tls, ...(auth && { auth }), ...(protocol && { protocol }) } },
    events,
  )
  dialogue.open(0)
  dialogue.proceed(0)
  wire.timeOut()
  dialogue.proceed(0)
  return { ends, written: wire.written, dialogue }
}

/** One batch at level `chunks`, written at once: how each of its messages ended, up to the end of the session. */
function playBatch(script: Script, recipients: readonly string[], messages: number): string[] {
  const wire = new ScriptedWire({ ehlo: OFFERS_CHUNKING, ...script }, NO_TLS)
  const envelope = envelopeFor('a@example.com', recipients, undefined)
  const ends: string[] = []
  const follow = () => dialogue.follow(new PhaseTimer(), envelope, wire.replyTimeoutMs)
  const never = () => {
    throw new Error('no step of a batch')
  }
  const dialogue = new Dialogue(
    wire,
    new PhaseTimer(),
    { target: { tls: NO_TLS } },
    {
      opened() {
        const one = `RSET\r\n${envelope.mail}${envelope.rcpt.join('')}BDAT ${CHUNK.length} LAST\r\n${CHUNK}`
        wire.write(one.repeat(messages), messages * (envelope.rcpt.length + 3))
        follow()
      },
      refused: never,
      goAhead: never,
      cleared: never,
      ended() {
        const { failure, begun, refusals, saidGoodbye, needsReset } = dialogue
        ends.push(endOf(failure === undefined ? { outcome: 'accepted' } : { ...failure.failure, ...failure }))
        ends.push(...refusals.map((one) => `but ${endOf({ ...one.failure, ...one })}`))
        if (needsReset) ends.push('RSET')
        if (!begun) ends.push('not begun')
        if (saidGoodbye) ends.push('goodbye')
        const isOver = saidGoodbye || failure?.outcome === 'failed'
        if (!isOver && ends.filter((end) => !end.startsWith('but')).length < messages) follow()
      },
    },
  )
  dialogue.open(0)
  dialogue.proceed(0)
  wire.timeOut()
  dialogue.proceed(0)
  return ends
}

function endOf({ outcome, class: failureClass, phase, code }: Expected): string {
  return [outcome, failureClass, phase, code].filter((part) => part !== undefined).join(' ')
}

const groups = [
  ...stageGroups,
  envelopeGroup,
  lmtpGroup,
  earlyGroup,
  oddGroup,
  ...secureGroups(await selfSignedCertificate()),
]

/** What only a socket can show: a message of which not all is gone when the reply comes, and a port without a server. */
const needsSocket = ({ script, port, sending }: Situation) =>
  script.body !== undefined || port !== undefined || sending?.body !== undefined

/** Rows of docs/outcomes.md, all but those; a row that is added there is played here as well. */
describe.each(groups)('$title', ({ situations }) => {
  describe.each(PIPELINING_LEVELS)('pipelining %s', (level) => {
    const played = situations.filter(
      (situation) => (situation.levels ?? PIPELINING_LEVELS).includes(level) && !needsSocket(situation),
    )
    it.each(played)(
      '$title → $expected.outcome $expected.class $expected.phase $expected.code',
      (situation) => {
        const { script, sending = {}, expected } = situation
        const { ends } = play({ script, level, sending })
        expect(ends[0]).toBe(endOf(expected))
      },
    )
  })
})

it('leaves out seven rows alone', () => {
  const all = groups.flatMap(({ situations }) => situations)
  expect(all.filter(needsSocket)).toHaveLength(7)
})

it('LMTP: whatever is said of each recipient, those that were refused are known by their places', () => {
  const code = fc.constantFrom(250, 451, 550)
  const recipient = fc.record({ rcpt: code, delivery: code })
  fc.assert(
    fc.property(
      fc.constantFrom(...PIPELINING_LEVELS),
      fc.array(recipient, { minLength: 1, maxLength: 5 }),
      (level, said) => {
        const taken = said.filter(({ rcpt }) => rcpt === 250)
        const script: Script = {
          lmtp: true,
          rcpt: { first: said.map(({ rcpt }) => [say(`${rcpt} rcpt`)]) },
          dot: { first: taken.map(({ delivery }) => [say(`${delivery} delivery`)]) },
          ...(taken.length === 0 ? { data: [say('503 nobody')] } : {}),
        }
        const recipients = said.map((_, index) => `r${index}@example.com`)
        const { ends, dialogue } = play({ script, level, sending: { recipients, protocol: 'lmtp' } })
        const refused = said.flatMap(({ rcpt, delivery }, place) =>
          rcpt === 250 && delivery === 250 ? [] : [place],
        )
        // The replies to RCPT come before those to the message: the first of all tells why nobody has it.
        const inRcpt = said.find(({ rcpt }) => rcpt !== 250)?.rcpt
        const why = inRcpt ?? said[0]?.delivery ?? 0
        const outcome = why === 451 ? 'deferred' : 'rejected'
        const phase = inRcpt === undefined ? 'accept' : 'envelope'
        const isTaken = refused.length < said.length
        expect(ends[0]).toBe(isTaken ? 'accepted' : `${outcome} reply ${phase} ${why}`)
        if (!isTaken) return
        expect(dialogue.refusals).toHaveLength(refused.length)
        expect(dialogue.refusedPlaces.toSorted()).toEqual(refused)
      },
    ),
    { numRuns: 1_000 },
  )
})

describe('any replies to any messages of a session', () => {
  it('end them as the rules of docs/outcomes.md say', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PIPELINING_LEVELS),
        fc.integer({ min: 1, max: 3 }),
        walk,
        (level, recipientCount, said) => {
          const recipients = Array.from({ length: recipientCount }, (_, index) => `r${index}@example.com`)
          const { ends } = play({
            script: scriptOf(said),
            level,
            messages: MESSAGES,
            sending: { recipients },
          })
          expect(ends).toEqual(modelled(level !== 'off', recipientCount, said))
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('any replies to a batch of chunks', () => {
  it('end its messages as the rules of docs/outcomes.md say', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), batchWalk, (recipientCount, said) => {
        const recipients = Array.from({ length: recipientCount }, (_, index) => `r${index}@example.com`)
        const ends = playBatch(scriptOf(said), recipients, BATCH)
        expect(ends).toEqual(modelledBatch(recipientCount, said))
      }),
      { numRuns: 5_000 },
    )
  })
})

const CLOSED = 0
/** Ends of a session within a batch, beside CLOSED: by RST, in the middle of a reply, or by silence. */
const RESET = 1
const CUT_OFF = 2
const SILENT = 3
const ENDS: Readonly<Record<number, { readonly steps: Steps; readonly class: string }>> = {
  [CLOSED]: { steps: [close], class: 'connection_closed' },
  [RESET]: { steps: [reset], class: 'connection_reset' },
  [CUT_OFF]: { steps: [raw('250-half of it\r\n'), close], class: 'protocol_error' },
  [SILENT]: { steps: [hang], class: 'timeout' },
}
/** Messages of a batch. */
const BATCH = 4
const MESSAGES = 3
const STAGES = ['mail', 'rcpt', 'data', 'dot', 'bdat', 'rset'] as const
/** What the server says to each command in turn; CLOSED: it closes instead. Then, and else, what it should. */
type Said = Readonly<Record<(typeof STAGES)[number], readonly number[]>>

const answers = (right: number, ...others: readonly number[]) =>
  fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, fc.constantFrom(CLOSED, ...others)), {
    maxLength: 7,
  })
const walk: fc.Arbitrary<Said> = fc.record({
  mail: answers(250, 220, 251, 354, 421, 450, 503, 550),
  rcpt: answers(250, 251, 354, 421, 450, 503, 550),
  data: answers(354, 250, 334, 350, 421, 451, 503, 554),
  dot: answers(250, 220, 252, 354, 421, 451, 554),
  bdat: fc.constant([]),
  rset: answers(250, 421, 500),
})
const batchAnswers = (...others: readonly number[]) =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(250) },
      { weight: 6, arbitrary: fc.constantFrom(...others) },
      { weight: 1, arbitrary: fc.constantFrom(421, CLOSED, RESET, CUT_OFF, SILENT) },
    ),
    { maxLength: 10 },
  )
const batchWalk: fc.Arbitrary<Said> = fc.record({
  mail: batchAnswers(251, 220, 354, 450, 503, 550),
  rcpt: batchAnswers(251, 354, 450, 503, 550),
  bdat: batchAnswers(252, 220, 354, 451, 503, 552),
  rset: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, batchAnswers(220, 354, 451, 500)),
  data: fc.constant([]),
  dot: fc.constant([]),
})

function scriptOf(said: Said): Script {
  const first = (codes: readonly number[]): { first: Steps[] } => ({
    first: codes.map((code) => ENDS[code]?.steps ?? [say(`${code} x`)]),
  })
  return Object.fromEntries(STAGES.map((stage) => [stage, first(said[stage])]))
}

/** The rules, told once more and without a state machine: what was heard in a transaction, and what that means. */
function modelled(isPipelined: boolean, recipients: number, said: Said): string[] {
  const heard = { mail: 0, rcpt: 0, data: 0, dot: 0, bdat: 0, rset: 0 }
  let isClosed = false
  const hear = (stage: keyof Said): number => {
    if (isClosed) return CLOSED
    const code = said[stage][heard[stage]++] ?? (stage === 'data' ? 354 : 250)
    isClosed = code === CLOSED
    return code
  }
  const ends: string[] = []
  for (let message = 0; message < MESSAGES; message++) {
    const { end, notBegun, reset } = isPipelined ? pipelined(hear, recipients) : lockStep(hear, recipients)
    ends.push(end)
    if (notBegun) ends.push('not begun')
    if (end.startsWith('failed') || end.endsWith('421')) break
    if (!reset) continue
    ends.push('RSET')
    if (!isDone(hear('rset'))) break
  }
  return ends
}

interface End {
  readonly end: string
  readonly notBegun?: boolean
  readonly reset?: boolean
}

type Hear = (stage: keyof Said) => number

function lockStep(hear: Hear, recipients: number): End {
  const mail = hear('mail')
  if (!isDone(mail)) return { end: ended(mail, 'envelope'), notBegun: mail === CLOSED || mail === 421 }
  const refused: number[] = []
  for (let recipient = 0; recipient < recipients; recipient++) {
    const code = hear('rcpt')
    if (code === CLOSED || code === 421) return { end: ended(code, 'envelope') }
    if (!isDone(code)) refused.push(code)
  }
  if (refused.length === recipients) return { end: ended(refused[0] as number, 'envelope'), reset: true }
  const data = hear('data')
  return isGo(data) ? content(hear) : { end: ended(data, 'data'), reset: data >= 400 }
}

function pipelined(hear: Hear, recipients: number): End {
  const mail = hear('mail')
  const rcpt = Array.from({ length: recipients }, () => hear('rcpt'))
  const data = hear('data')
  if (mail === CLOSED || mail === 421) return { end: ended(mail, 'envelope'), notBegun: true }
  let why = isDone(mail) ? undefined : ended(mail, 'envelope')
  const last = rcpt.find((code) => code === CLOSED || code === 421)
  if (why === undefined && last !== undefined) return { end: ended(last, 'envelope') }
  if (rcpt.includes(CLOSED)) return { end: why as string }
  if (!rcpt.some(isDone)) why ??= ended(rcpt[0] as number, 'envelope')
  if (data === CLOSED) return { end: why ?? ended(data, 'data') }
  if (data >= 400) return { end: why ?? ended(data, 'data'), reset: isDone(mail) }
  if (!isGo(data)) return { end: ended(data, 'data') }
  if (why === undefined) return content(hear)
  hear('dot')
  return { end: why }
}

function content(hear: Hear): End {
  const dot = hear('dot')
  return { end: isDone(dot) ? 'accepted' : ended(dot, 'accept') }
}

/** The rules of a batch, likewise: all replies to a message, and what they mean together. */
function modelledBatch(recipients: number, said: Said): string[] {
  const heard = { mail: 0, rcpt: 0, data: 0, dot: 0, bdat: 0, rset: 0 }
  /** How the session ended: nothing is heard from then on. */
  let over: number | undefined
  const hear = (stage: keyof Said): number => {
    const code = over ?? said[stage][heard[stage]++] ?? 250
    if (code in ENDS) over = code
    return code
  }
  const ends: string[] = []
  for (let message = 0; message < BATCH; message++) {
    const rset = hear('rset')
    const mail = hear('mail')
    const rcpt = Array.from({ length: recipients }, () => hear('rcpt'))
    const told = modelledChunk(rset, mail, rcpt, hear('bdat'))
    ends.push(...told)
    if (told.includes('goodbye') || told.some((end) => end.startsWith('failed'))) break
  }
  return ends
}

function modelledChunk(rset: number, mail: number, rcpt: readonly number[], last: number): string[] {
  // The first that says goodbye or nothing at all: what comes behind it, if anything, is not looked at.
  const replies = [rset, mail, ...rcpt, last]
  const end = replies.findIndex((code) => code === 421 || code in ENDS)
  const isKnown = (at: number) => end === -1 || at < end
  // 2yz answers RSET or nothing is in step.
  if (isKnown(0) && !isDone(rset)) return ['failed protocol_error accept']
  const nobody = isKnown(1 + rcpt.length) && !rcpt.some(isDone)
  let why = isKnown(1) && !isDone(mail) ? ended(mail, 'envelope') : undefined
  if (nobody) why ??= ended(rcpt[0] as number, 'envelope')
  if (end === -1) {
    if (why !== undefined) return [last < 400 ? 'failed protocol_error accept' : why]
    if (!isDone(last)) return [ended(last, 'accept')]
    const refused = rcpt.filter((code) => !isDone(code))
    return ['accepted', ...refused.map((code) => `but ${ended(code, 'envelope')}`)]
  }
  const code = replies[end] as number
  if (code !== 421) return [why ?? `failed ${ENDS[code]?.class} accept`]
  const goodbye = why ?? ended(421, end === replies.length - 1 ? 'accept' : 'envelope')
  // Before RCPT nothing of the message was looked at: it goes to a new session.
  return end < 2 ? [goodbye, 'not begun', 'goodbye'] : [goodbye, 'goodbye']
}

/** 2yz, but for codes that answer something else. */
const isDone = (code: number) => code >= 200 && code < 300 && code !== 220
const isGo = (code: number) => code >= 300 && code < 400 && code !== 334

function ended(code: number, phase: string): string {
  if (code === CLOSED) return `failed connection_closed ${phase}`
  if (code < 400) return `failed protocol_error ${phase}`
  return `${code < 500 ? 'deferred' : 'rejected'} reply ${phase} ${code}`
}
