import fc from 'fast-check'
import { expect, test } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { messageId } from '../../src/mail/id.ts'
import { AUTH_MECHANISMS, PHASES } from '../../src/smtp/target.ts'
import { firstReply } from '../servers/play.ts'
import { acceptedIds } from '../servers/record.ts'
import {
  type Behaviour,
  close,
  DEFAULT_STEPS,
  deafen,
  hang,
  raw,
  reset,
  type Script,
  type Stage,
  type Step,
  type Steps,
  say,
} from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { RUN_ID, type Sending, send } from './send.ts'
import { DATA_LEVELS } from './situation.ts'

const SEED = 11
const RUNS = 16
/** Played at the same time: most of a case is waiting. */
const CASES_PER_RUN = 20
/** Long enough for a TLS handshake beside those of the other cases: a case that fails by time shows nothing. */
const TIMEOUT_MS = 250
/** What a busy machine may add to the time limits of one message. */
const SLACK_MS = 5_000
const TEST_LIMIT_MS = 120_000

const { certPem: cert, keyPem: key } = await selfSignedCertificate()

/** What a server may say at any stage, one behind another in one packet. */
const COMMON = [
  '250 ok\r\n',
  '250-ok\r\n',
  '250',
  '220 hi\r\n',
  '221 bye\r\n',
  '421 4.3.2 bye\r\n',
  '451 4.3.0 later\r\n',
  '550 5.7.1 no\r\n',
  '\r\n',
  '\r',
  'x\n',
  '250 ok\n',
  'junk\r\n',
  '\0\xff',
  '999 what\r\n',
  `550-${'x'.repeat(9_000)}`,
  'x'.repeat(9_000),
  '550-no\r\n'.repeat(600),
]

/**
 * And what only one stage has. 354 stands nowhere but at DATA: a server that says it to MAIL cannot be told
 * from one that means it.
 */
const OWN: Readonly<Partial<Record<Stage, readonly string[]>>> = {
  auth: [
    '334 \r\n',
    '334 VXNlcm5hbWU6\r\n',
    '334 Username:\r\n',
    '504 no\r\n',
    '535 no\r\n',
    '235 welcome\r\n',
  ],
  starttls: ['220 go\r\n', '454 later\r\n', '\x16\x03\x01'],
  data: ['354 go\r\n', '354-go\r\n', '354 go\n', '250 2.0.0 early\r\n', '250 2.0.0 early\r\n'],
}

const FAULTY_STAGES = [
  'greeting',
  'ehlo',
  'helo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'data',
  'dot',
  'rset',
  'quit',
] as const satisfies readonly Stage[]

interface Case {
  readonly script: Script
  readonly sending: Omit<Sending, 'port'>
  readonly messages: number
}

const ending: fc.Arbitrary<Steps> = fc.constantFrom([], [], [close], [reset], [hang], [deafen])

function faultAt(stage: Stage): fc.Arbitrary<{ stage: Stage; behaviour: Behaviour }> {
  const own = OWN[stage] ?? []
  // The right reply first, or the first of its kind: what stands behind it is the fault.
  const right = fc.constantFrom<Steps>([], DEFAULT_STEPS[stage])
  const piece = fc.oneof(fc.constantFrom(...COMMON), fc.constantFrom(...(own.length === 0 ? COMMON : own)))
  const pieces = fc.array(piece, { maxLength: 3 })
  const steps = fc
    .tuple(right, pieces, ending)
    .map(([before, said, end]): Steps => [inOnePacket(before, said), ...end])
    .filter((steps) => stage !== 'dot' || saysWhoseReply(steps))
  return fc.tuple(steps, fc.option(fc.nat(3))).map(([faulty, after]) => ({
    stage,
    behaviour:
      after === null ? faulty : { first: [...Array<Steps>(after).fill(DEFAULT_STEPS[stage]), faulty] },
  }))
}

/**
 * Of a server that leaves out its reply to the dot and goes on to the envelope behind it, nobody can tell
 * whose reply the next one is: replies have no names.
 */
function saysWhoseReply(steps: Steps): boolean {
  const last = steps.at(-1)
  return firstReply(steps) !== undefined || last === close || last === reset || last === hang
}

function inOnePacket(before: Steps, said: readonly string[]): Step {
  const replies = before.map((step) => (step.do === 'say' ? `${step.text}\r\n` : ''))
  return raw([...replies, ...said].join(''))
}

const misbehaviour: fc.Arbitrary<Case> = fc
  .record({
    fault: fc.constantFrom(...FAULTY_STAGES).chain(faultAt),
    mode: fc.constantFrom('none', 'starttls', 'implicit' as const),
    mechanism: fc.option(fc.constantFrom(...AUTH_MECHANISMS)),
    pipelining: fc.constantFrom(...DATA_LEVELS),
    messages: fc.integer({ min: 1, max: 4 }),
    messagesPerSession: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
    recipients: fc.integer({ min: 1, max: 3 }),
    dot: fc.constantFrom<Steps>(DEFAULT_STEPS.dot, [say('554 5.6.0 no')], [close]),
  })
  .map(({ fault, dot, mode, mechanism, pipelining, messages, messagesPerSession, recipients }) => {
    const offered = ['PIPELINING', 'SIZE 1', `AUTH ${mechanism ?? 'PLAIN'}`, 'STARTTLS']
    const ehlo = [say('250-scripted', ...offered.map((keyword) => `250-${keyword}`), '250 HELP')]
    const tls = mode === 'none' ? {} : { tls: { cert, key, implicit: mode === 'implicit' } }
    return {
      script: { ehlo, dot, ...tls, [fault.stage]: fault.behaviour },
      sending: {
        ...{ pipelining, messagesPerSession, replyTimeoutMs: TIMEOUT_MS },
        schedule: { executor: 'shared-iterations', messages },
        recipients: Array.from({ length: recipients }, (_, index) => `r${index}@example.com`),
        tls: { mode, verify: false },
        ...(mechanism === null ? {} : { auth: { user: 'tim', pass: 'tanstaaftanstaaf' } }),
      },
      messages,
    }
  })

/** More than the buffers of both kernels take, so that its end cannot have been sent. */
const HUGE = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(260_000))

const earlyReply: fc.Arbitrary<Case> = fc
  .record({
    afterBytes: fc.constantFrom(1, 1_000, 100_000),
    first: fc.constantFrom('250 2.0.0 taken\r\n', '250-a\r\n250 b\r\n', '354 go\r\n', '554 no\r\n'),
    behind: fc.array(fc.constantFrom(...COMMON), { maxLength: 2 }),
    end: fc.constantFrom(deafen, close, reset),
    pipelining: fc.constantFrom(...DATA_LEVELS),
    mode: fc.constantFrom('none', 'implicit' as const),
  })
  .map(({ afterBytes, first, behind, end, pipelining, mode }) => ({
    script: {
      body: { afterBytes, steps: [raw([first, ...behind].join('')), end] },
      ...(mode === 'none' ? {} : { tls: { cert, key, implicit: true } }),
    },
    sending: {
      ...{ pipelining, body: HUGE, replyTimeoutMs: TIMEOUT_MS },
      schedule: { executor: 'shared-iterations', messages: 2 },
      tls: { mode, verify: false },
    },
    messages: 2,
  }))

/** Every message has one outcome, in time, and none is accepted that the server did not take. */
async function play({ script, sending, messages }: Case): Promise<void> {
  await using server = await ScriptedServer.start(script)
  const { samples } = await send({ ...sending, port: server.port })
  expect(samples.map((sample) => sample.message).sort()).toEqual(
    Array.from({ length: messages }, (_, n) => n),
  )
  const accepted = samples.filter((sample) => sample.outcome === 'accepted')
  const taken = new Set(acceptedIds(server.sessions))
  expect(accepted.filter(({ message }) => !taken.has(messageId(RUN_ID, message)))).toEqual([])
  for (const { outcome, failure, sentMs, endedMs, bytes } of samples) {
    expect(failure === undefined).toBe(outcome === 'accepted')
    expect(failure?.class).not.toBe('aborted')
    expect(failure?.class).not.toBe('local')
    // Each phase has its own limit; the transfer's grows with the message.
    expect(endedMs - sentMs).toBeLessThan(PHASES.length * TIMEOUT_MS + bytes / 100 + SLACK_MS)
  }
}

test('however a server misbehaves, each message ends once and in time, and none is accepted that it did not take', {
  timeout: TEST_LIMIT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(misbehaviour, { minLength: CASES_PER_RUN, maxLength: CASES_PER_RUN }),
      async (cases) => {
        await Promise.all(cases.map(play))
      },
    ),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  )
})

test('no reply sent before the end of a message accepts it', {
  timeout: TEST_LIMIT_MS,
}, async () => {
  await fc.assert(fc.asyncProperty(earlyReply, play), { seed: SEED, numRuns: 12, endOnFailure: true })
})
