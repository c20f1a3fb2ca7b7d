import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { messageId } from '../../src/mail/id.ts'
import { PIPELINING_LEVELS, type PipeliningLevel } from '../../src/smtp/target.ts'
import { acceptedIds } from '../servers/record.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { feedOfIdleEnds } from './idle-feed.ts'
import { outcomesDocument } from './outcomes-document.ts'
import { DEFAULT_MESSAGES, RUN_ID, type Sent, send } from './send.ts'
import { AMPLE_MS, DATA_LEVELS, type Expected, type Seen, type Situation } from './situation.ts'
import { chunkGroup } from './situations-chunks.ts'
import { earlyGroup } from './situations-early.ts'
import { envelopeGroup } from './situations-envelope.ts'
import { lmtpGroup } from './situations-lmtp.ts'
import { oddGroup } from './situations-odd.ts'
import { secureGroups } from './situations-secure.ts'
import { stageGroups } from './situations-stages.ts'

const groups = [
  ...stageGroups,
  envelopeGroup,
  chunkGroup,
  lmtpGroup,
  earlyGroup,
  oddGroup,
  ...secureGroups(await selfSignedCertificate()),
]

/** Nothing hangs: the longest waits for three time limits of a situation in a row. */
const LIMIT_MS = 30_000

describe.each(groups)('$title', ({ situations }) => {
  const levels = PIPELINING_LEVELS.filter((level) => situations.some((one) => levelsOf(one).includes(level)))
  describe.each(levels)('pipelining %s', (level) => {
    const played = situations.filter((one) => levelsOf(one).includes(level))
    it.concurrent.each(played)(
      '$title → $expected.outcome $expected.class $expected.phase $expected.code',
      async (situation) => {
        const seen = await play(situation, level)
        expect(seen.sent.samples.map(endOf)).toEqual(seen.sent.samples.map(() => fullEnd(situation.expected)))
        expectEachOnce(seen.sent, situation)
        if (situation.unsureOfTaken !== true)
          expect(acceptedIds(seen.sessions).sort()).toEqual(acknowledgedIds(seen.sent))
        expectTimes(seen.sent, situation)
        situation.also?.(seen)
      },
      LIMIT_MS,
    )
  })
})

it('docs/outcomes.md says the same', async () => {
  await expect(outcomesDocument(groups)).toMatchFileSnapshot('../../docs/outcomes.md')
})

/** A message goes by DATA, but where a situation is about chunks. */
function levelsOf({ levels = DATA_LEVELS }: Situation): readonly PipeliningLevel[] {
  return levels
}

async function play({ script, sending, port, endsIdle }: Situation, level: Seen['level']): Promise<Seen> {
  const server = await ScriptedServer.start(script)
  const closedPort = server.port
  if (port === 'closed') await server[Symbol.asyncDispose]()
  try {
    const feed = endsIdle && { feed: feedOfIdleEnds(server, DEFAULT_MESSAGES) }
    const sent = await send({
      ...{ replyTimeoutMs: AMPLE_MS, ...sending, ...feed },
      ...{ port: closedPort, pipelining: level },
    })
    return { sent, sessions: server.sessions, level }
  } finally {
    if (port !== 'closed') await server[Symbol.asyncDispose]()
  }
}

function endOf({ outcome, failure }: Sent['samples'][number]) {
  return { outcome, class: failure?.class, phase: failure?.phase, code: failure?.code }
}

function fullEnd({ outcome, class: failureClass, phase, code }: Expected) {
  return { outcome, class: failureClass, phase, code }
}

/** planned = accepted + deferred + rejected + failed, and no message twice. */
function expectEachOnce({ samples }: Sent, { sending }: Situation): void {
  const schedule = sending?.schedule
  const planned = schedule !== undefined && 'messages' in schedule ? schedule.messages : DEFAULT_MESSAGES
  const numbers = samples.map((sample) => sample.message).sort()
  expect(numbers).toEqual(Array.from({ length: planned }, (_, number) => number))
}

function acknowledgedIds({ samples }: Sent): string[] {
  const accepted = samples.filter((sample) => sample.outcome === 'accepted')
  return accepted.map((sample) => messageId(RUN_ID, sample.message)).sort()
}

/** Failed attempts have a time too; a timeout never comes before its time. */
function expectTimes({ samples }: Sent, { expected, sending }: Situation): void {
  for (const sample of samples) {
    expect(sample.endedMs).toBeGreaterThan(sample.sentMs)
    expect(sample.sentMs).toBeGreaterThanOrEqual(sample.dueMs)
    expect(sample.failure?.text).not.toBe('')
    if (expected.enhanced !== undefined) expect(sample.failure?.enhanced).toBe(expected.enhanced)
  }
  const [first] = samples
  if (expected.class !== 'timeout' || first === undefined) return
  expect(first.endedMs - first.sentMs).toBeGreaterThanOrEqual(sending?.replyTimeoutMs ?? AMPLE_MS)
}
