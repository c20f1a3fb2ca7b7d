import type { LoadPlan } from '../../src/engine/threads/plan.ts'
import type { MailSpec } from '../../src/mail/mail.ts'
import { type MailstormTask, RECIPIENT, SENDER, SESSIONS } from './task.ts'

/** What fields were called until 55e4550, and where those of the mail were until 1366fc7: for the engines of `--before`. */
interface OlderNames extends MailSpec {
  readonly timeoutMs: number
  readonly drainTimeoutMs: number
}

/** All of a run is the client's: 50 workers of one session each, as fast as it goes. */
export function planOf(
  task: Omit<MailstormTask, 'messages' | 'warmUpMessages'>,
  messages: number,
): LoadPlan & OlderNames {
  const mail = { sizeBytes: task.sizeBytes, sender: SENDER, recipients: [RECIPIENT] }
  return {
    runId: `bench-${process.pid}-${messages}`,
    schedule: { executor: 'shared-iterations', messages },
    targets: [{ name: 'server', host: '127.0.0.1', port: task.port, tls: { mode: 'none', verify: true } }],
    workers: SESSIONS,
    sessionsPerWorker: 1,
    ...mail,
    mail,
    seed: 1,
    pipelining: task.pipelining,
    ...(task.depth === undefined ? {} : { pipelineDepth: task.depth }),
    messagesPerSession: task.newConnectionEach ? 1 : Number.POSITIVE_INFINITY,
    replyTimeoutMs: 30_000,
    drainMs: 30_000,
    timeoutMs: 30_000,
    drainTimeoutMs: 30_000,
  }
}
