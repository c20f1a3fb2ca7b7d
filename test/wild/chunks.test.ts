// @module-tag long

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { ID_HEADER } from '../../src/ledger/ledger.ts'
import { messageId } from '../../src/mail/id.ts'
import type { Mail } from '../../src/mail/mail.ts'
import { accountedFor, stress } from '../e2e/stress.ts'
import { send } from '../truth/send.ts'
import { missing, type RunningWildServer, startWildServer } from './wild-server.ts'

const LIMIT_MS = 90_000
/** For what was taken to leave the queue. */
const DELIVERED_WITHIN_MS = 30_000

/** What the log of a server says of one message, by its queue id. */
interface Logged {
  id: string
  /** Recipients for whom it was delivered. */
  readonly delivered: string[]
  /** It has left the queue. */
  isDone: boolean
}

const SERVERS = [
  {
    server: 'postfix',
    // What is called "refused" is refused; exim4.conf has the same.
    options: [
      'smtpd_delay_reject = no',
      'smtpd_sender_restrictions = check_sender_access inline:{refused@mailstorm.test=REJECT}',
      'smtpd_recipient_restrictions = check_recipient_access inline:{refused@mailstorm.test=REJECT}',
      'header_checks = regexp:{{/^Subject: refused$$/ REJECT}}',
    ],
    logFile: ({ log }: RunningWildServer) => log,
    lines: {
      arrived: /cleanup\[\d+\]: (\w+): message-id=<(.*)@mailstorm\.test>/,
      delivered: /discard\[\d+\]: (\w+): to=<(.*?)>,.* status=sent /,
      done: /qmgr\[\d+\]: (\w+): removed/,
      // The content was refused after the queue file had been begun.
      refused: /cleanup\[\d+\]: (\w+): reject: header/,
    },
  },
  {
    server: 'exim',
    options: [],
    logFile: ({ root }: RunningWildServer) => join(root, 'var/log/exim4/mainlog'),
    lines: {
      arrived: / (\S+) <= .* id=(\S*)@mailstorm\.test/,
      delivered: / (\S+) => :blackhole: <(.*?)> R=discard/,
      done: / (\S+) Completed/,
      // It gets its queue id in the log when it is taken.
      refused: /^(?!)/,
    },
  },
] as const

/** Both offer CHUNKING (RFC 3030). */
describe.each(SERVERS)('$server', ({ server, options, logFile, lines }) => {
  const reason = missing(server)
  if (reason !== undefined) {
    it.skip(reason)
    return
  }

  /** What the server took of a run, as its log tells, once so many or more have left the queue. */
  async function takenBy(running: RunningWildServer, runId: string, least: number): Promise<Logged[]> {
    return vi.waitUntil(
      () => {
        const taken = readLog(readFileSync(logFile(running), 'utf8'), lines).filter(({ id }) =>
          id.startsWith(`${runId}-`),
        )
        return taken.length >= least && taken.every(({ isDone }) => isDone) && taken
      },
      { timeout: DELIVERED_WITHIN_MS, interval: 200 },
    )
  }

  it(
    'handles whole messages by chunks, eight of a session on their way, and delivers each once, as its log tells',
    async () => {
      using running = await startWildServer(server, options)
      const { result, output } = await stress('custom', {
        SMTP_TARGETS: running.address,
        STRESS_MESSAGES: '200',
        STRESS_WORKERS: '4',
        STRESS_PIPELINING: 'chunks',
        STRESS_RECIPIENT: 'inbox@mailstorm.test',
      })
      expect(output).toContain('[PASSED] custom')
      if (result === undefined) throw new Error('no result')
      expect(result.pipelining).toEqual([
        { target: running.address, asked: 'chunks', used: 'chunks', trial_messages: 1 },
      ])
      expect(result.metrics).toMatchObject({ successful_messages: 200, sessions_opened: 4 })
      expect(accountedFor(result)).toBe(true)
      // No message waits for leave to send its data.
      expect(result.metrics.phases_ms.data?.count ?? 0).toBe(0)
      const taken = await takenBy(running, result.run_id, 200)
      expect(taken.map(({ id }) => id).sort()).toEqual(
        Array.from({ length: 200 }, (_, message) => messageId(result.run_id, message)),
      )
      expect(taken.map(({ delivered }) => delivered)).toEqual(Array(200).fill(['inbox@mailstorm.test']))
    },
    LIMIT_MS,
  )

  it(
    'refuses a sender, a recipient or a content in the middle of a batch, which touches that message alone',
    async () => {
      using running = await startWildServer(server, options)
      const mail = someRefused('refusals')
      const { samples, ...sent } = await send({
        port: Number(running.address.split(':')[1]),
        mail,
        pipelining: 'chunks',
        pipelineDepth: 8,
        workers: 2,
        messagesPerSession: MESSAGES_PER_SESSION,
        schedule: { executor: 'shared-iterations', messages: MESSAGES },
        replyTimeoutMs: 30_000,
      })
      const ends = samples
        .toSorted((a, b) => a.message - b.message)
        .map(({ outcome, failure, recipientsRefused }) => [outcome, failure?.phase, recipientsRefused])
      expect(ends).toEqual(Array.from({ length: MESSAGES }, (_, message) => ENDS[kindOf(message)]))
      expect(sent).toMatchObject({ reconnects: 0, quits: sent.sessionsOpened, sessionFailures: [] })
      const accepted = samples.filter(({ outcome }) => outcome === 'accepted').map(({ message }) => message)
      const taken = await takenBy(running, 'refusals', accepted.length)
      expect(new Map(taken.map(({ id, delivered }) => [id, delivered.toSorted()]))).toEqual(
        new Map(
          accepted.map((message) => [
            messageId('refusals', message),
            mail.envelopeOf(message).recipients.filter((recipient) => recipient !== REFUSED),
          ]),
        ),
      )
      expect(taken).toHaveLength(accepted.length)
    },
    LIMIT_MS,
  )
})

const MESSAGES = 60
/** Exim ends a session behind the 11th refused message by chunks (docs/servers.md). */
const MESSAGES_PER_SESSION = 15
const REFUSED = 'refused@mailstorm.test'
const KINDS = ['taken', 'recipient', 'sender', 'content', 'one of two', 'taken'] as const
const kindOf = (message: number) => KINDS[message % KINDS.length] ?? 'taken'
/** Outcome, phase, and recipients refused while others were taken. */
const ENDS = {
  taken: ['accepted', undefined, 0],
  recipient: ['rejected', 'envelope', 0],
  sender: ['rejected', 'envelope', 0],
  content: ['rejected', 'accept', 0],
  'one of two': ['accepted', undefined, 1],
} as const satisfies Record<(typeof KINDS)[number], unknown>

function someRefused(runId: string): Mail {
  const octetsOf = (message: number) => {
    const id = messageId(runId, message)
    const subject = kindOf(message) === 'content' ? 'refused' : 'taken'
    const head = `Message-ID: <${id}@mailstorm.test>\r\n${ID_HEADER}: ${id}\r\nSubject: ${subject}\r\n\r\n`
    return [Buffer.from(`${head}${'x'.repeat(70)}\r\n`)]
  }
  const recipientsOf = (message: number) => {
    if (kindOf(message) === 'recipient') return [REFUSED]
    return kindOf(message) === 'one of two' ? [REFUSED, 'inbox@mailstorm.test'] : ['inbox@mailstorm.test']
  }
  return {
    octetsOf,
    sizeOf: (message) => Buffer.concat(octetsOf(message)).length,
    traits: () => ({ eightBit: false, utf8Headers: false, longestLine: 72, dotLines: false }),
    envelopeOf: (message) => ({
      sender: kindOf(message) === 'sender' ? REFUSED : 'sender@mailstorm.test',
      recipients: recipientsOf(message),
      smtpUtf8: false,
      eightBit: false,
    }),
  }
}

type Lines = Readonly<Record<'arrived' | 'delivered' | 'done' | 'refused', RegExp>>

/** By the two or three kinds of lines in which a server says what became of a queue id; queue ids may be used again. */
function readLog(log: string, { arrived, delivered, done, refused }: Lines): Logged[] {
  const all: Logged[] = []
  const inQueue = new Map<string, Logged>()
  for (const line of log.split('\n')) {
    const [, newId = '', id = ''] = arrived.exec(line) ?? []
    if (newId !== '') {
      const message: Logged = { id, delivered: [], isDone: false }
      all.push(message)
      inQueue.set(newId, message)
    }
    const [, deliveredId = '', recipient = ''] = delivered.exec(line) ?? []
    inQueue.get(deliveredId)?.delivered.push(recipient)
    const ended = inQueue.get(done.exec(line)?.[1] ?? '')
    if (ended !== undefined) ended.isDone = true
    const [, refusedId] = refused.exec(line) ?? []
    const never = refusedId === undefined ? undefined : inQueue.get(refusedId)
    if (never !== undefined) all.splice(all.indexOf(never), 1)
  }
  return all
}
