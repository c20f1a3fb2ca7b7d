import { expect } from 'vitest'
import type { Failure } from '../../src/engine/sample.ts'
import { PIPELINING_LEVELS, type PipeliningLevel } from '../../src/smtp/target.ts'
import type { ReceivedSession } from '../servers/record.ts'
import type { Script } from '../servers/script.ts'
import type { Sending, Sent } from './send.ts'

/** How every message of a situation has to end. */
export interface Expected {
  readonly outcome: 'accepted' | 'deferred' | 'rejected' | 'failed'
  readonly class?: Failure['class']
  readonly phase?: string
  readonly code?: number
  readonly enhanced?: string
}

/** What a server may do, and how the messages sent to it have to end. */
export interface Situation {
  /** Begins with "the server …" or names who does what; a row of docs/outcomes.md. */
  readonly title: string
  readonly script: Script
  readonly expected: Expected
  readonly sending?: Omit<Partial<Sending>, 'port' | 'pipelining'>
  /** Where the levels do not all meet the situation. */
  readonly levels?: readonly PipeliningLevel[]
  /** Each message comes when the server has ended the session that the one before it left idle. */
  readonly endsIdle?: true
  /** Instead of the server's own port. */
  readonly port?: 'closed'
  /** The server says 2yz where that is no acceptance, so that what it took is not what its replies say. */
  readonly unsureOfTaken?: true
  /** Assertions beyond the outcome. */
  readonly also?: (seen: Seen) => void
}

export interface Seen {
  readonly sent: Sent
  readonly sessions: readonly ReceivedSession[]
  readonly level: PipeliningLevel
}

export interface Group {
  readonly title: string
  readonly situations: readonly Situation[]
}

export const accepted: Expected = { outcome: 'accepted' }

/** Levels at which a message goes by DATA: to a server that takes no chunks, `chunks` is one of these. */
export const DATA_LEVELS = PIPELINING_LEVELS.filter((level) => level !== 'chunks')

/** A 4xx or 5xx reply. */
export function refusedBy(code: number, phase: string, failureClass: 'reply' | 'auth' = 'reply'): Expected {
  return { outcome: code < 500 ? 'deferred' : 'rejected', class: failureClass, phase, code }
}

export function failed(failureClass: Failure['class'], phase: string): Expected {
  return { outcome: 'failed', class: failureClass, phase }
}

/** Short enough to wait for, long enough that a busy machine answers in it. */
export const PATIENCE_MS = 300
/** For all that is not about patience. */
export const AMPLE_MS = 10_000

/** Each message of a situation that ends by timeout waits the whole of it. */
export const impatient = {
  replyTimeoutMs: PATIENCE_MS,
  schedule: { executor: 'shared-iterations', messages: 2 },
} as const

export function newSessionEach({ sent, sessions }: Seen): void {
  expect(sessions).toHaveLength(sent.samples.length)
}

export function oneSession({ sessions }: Seen): void {
  expect(sessions).toHaveLength(1)
}
