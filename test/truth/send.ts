import { systemClock } from '../../src/engine/clock.ts'
import { Dispatch, type Feed } from '../../src/engine/dispatch.ts'
import { createPacer, type Schedule } from '../../src/engine/executors/registry.ts'
import type { Sample } from '../../src/engine/sample.ts'
import { type Mail, mailOf } from '../../src/mail/mail.ts'
import { BehindTheEnd, type BehindTheEndFinding } from '../../src/smtp/behind-the-end.ts'
import { Gate, OpenTransports } from '../../src/smtp/connections.ts'
import { Farewells } from '../../src/smtp/farewells.ts'
import { type SenderOptions, smtpLane } from '../../src/smtp/sender.ts'
import { type SessionCap, SessionCaps } from '../../src/smtp/session-caps.ts'
import type { PipeliningLevel, SmtpTarget } from '../../src/smtp/target.ts'

export interface Sending {
  readonly port: number
  readonly runId?: string
  readonly host?: string
  readonly pipelining?: PipeliningLevel
  readonly pipelineDepth?: number
  readonly schedule?: Schedule
  /** Instead of a schedule. */
  readonly feed?: Feed
  readonly workers?: number
  /** Instead of what follows. */
  readonly mail?: Mail
  readonly sizeBytes?: number
  readonly body?: Uint8Array
  readonly recipients?: readonly string[]
  readonly messagesPerSession?: number
  readonly replyTimeoutMs?: number
  readonly tls?: SmtpTarget['tls']
  readonly auth?: SmtpTarget['auth']
  readonly protocol?: 'lmtp'
}

export interface Sent {
  readonly samples: readonly Sample[]
  readonly sessionsOpened: number
  readonly quits: number
  readonly reconnects: number
  /** How sessions ended badly, at RSET or QUIT, as "timeout" or "reply 500". */
  readonly sessionFailures: readonly string[]
  /** Messages per session that the server was seen to take; undefined for no limit. */
  readonly sessionCap: SessionCap | undefined
  /** What the server was found to do with what comes with the end of a message; undefined for nothing wrong. */
  readonly behindTheEnd: BehindTheEndFinding | undefined
}

export const RUN_ID = 'truth'
/** Where no schedule says otherwise. */
export const DEFAULT_MESSAGES = 3

/** Sends by the real engine, in this process, and keeps every sample as it came. */
export async function send(sending: Sending): Promise<Sent> {
  const { schedule = { executor: 'shared-iterations', messages: DEFAULT_MESSAGES }, workers = 1 } = sending
  const pacer = createPacer(schedule)
  const samples: Sample[] = []
  const counts = { sessionsOpened: 0, quits: 0, reconnects: 0 }
  const sessionFailures: string[] = []
  const onSessionFailure: SenderOptions['onSessionFailure'] = ({ class: failureClass, code = '' }) => {
    sessionFailures.push(`${failureClass} ${code}`.trim())
  }
  let sessionCap: SessionCap | undefined
  let behindTheEnd: BehindTheEndFinding | undefined
  const replyTimeoutMs = sending.replyTimeoutMs ?? 2_000
  const transports = new OpenTransports()
  const farewells = new Farewells({
    clock: systemClock,
    replyTimeoutMs,
    transports,
    onQuit: () => counts.quits++,
    onSessionFailure,
  })
  let claimed = 0
  const dispatch = new Dispatch({
    pacer,
    clock: systemClock,
    startMs: systemClock.nowMs(),
    claim: () => (claimed < pacer.total ? claimed++ : undefined),
    onLag: () => {},
  })
  const options: SenderOptions = {
    clock: systemClock,
    model: pacer.model,
    targets: [targetOf(sending)],
    mail: sending.mail ?? mailFor(sending),
    shape: {
      pipelining: sending.pipelining ?? 'commands',
      messagesPerSession: sending.messagesPerSession ?? Number.POSITIVE_INFINITY,
      replyTimeoutMs,
      ...(sending.pipelineDepth === undefined ? {} : { pipelineDepth: sending.pipelineDepth }),
    },
    tlsSessions: new Map(),
    transports,
    connectGate: new Gate(200),
    farewells,
    sessionCaps: new SessionCaps((_target, cap) => {
      sessionCap = cap
    }),
    behindTheEnd: new BehindTheEnd((_target, finding) => {
      behindTheEnd = finding
    }),
    // The engine uses the phases' memory again for the next message.
    onSample: (sample) => samples.push({ ...sample, phasesMs: sample.phasesMs.slice() }),
    onSessionOpened: () => counts.sessionsOpened++,
    onReconnect: () => counts.reconnects++,
    onSessionFailure,
    onSlowRecipients: () => {},
  }
  await Promise.all(
    Array.from({ length: workers }, (_, worker) => {
      const lane = smtpLane(options, worker)
      return sending.feed ? lane(sending.feed) : dispatch.join({ number: worker, lane, maxLanes: 1 })
    }),
  )
  await farewells.ended()
  return { samples, ...counts, sessionFailures, sessionCap, behindTheEnd }
}

function targetOf({ host = '127.0.0.1', port, tls, auth, protocol }: Sending): SmtpTarget {
  return {
    name: 'server',
    host,
    port,
    tls: tls ?? { mode: 'none', verify: true },
    ...(auth === undefined ? {} : { auth }),
    ...(protocol === undefined ? {} : { protocol }),
  }
}

function mailFor({ runId = RUN_ID, sizeBytes = 1024, body, recipients = ['b@example.com'] }: Sending): Mail {
  return mailOf({
    runId,
    sender: 'a@example.com',
    recipients,
    sizeBytes,
    seed: 1,
    dateMs: 0,
    ...(body === undefined ? {} : { body }),
  })
}
