import type { LoadPlan } from '../../src/engine/threads/plan.ts'
import { type MailstormTask, RECIPIENT, SENDER, SESSIONS } from './task.ts'

/** All of a run is the client's: 50 workers of one session each, as fast as it goes. */
export function planOf(task: Omit<MailstormTask, 'messages' | 'warmUpMessages'>, messages: number): LoadPlan {
  return {
    runId: `bench-${process.pid}-${messages}`,
    schedule: { executor: 'shared-iterations', messages },
    targets: [{ name: 'server', host: '127.0.0.1', port: task.port, tls: { mode: 'none', verify: true } }],
    workers: SESSIONS,
    sessionsPerWorker: 1,
    sizeBytes: task.sizeBytes,
    sender: SENDER,
    recipients: [RECIPIENT],
    seed: 1,
    pipelining: task.pipelining,
    messagesPerSession: task.newConnectionEach ? 1 : Number.POSITIVE_INFINITY,
    replyTimeoutMs: 30_000,
    drainMs: 30_000,
  }
}
