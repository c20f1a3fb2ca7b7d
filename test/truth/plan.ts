import type { LoadPlan } from '../../src/engine/threads/plan.ts'

let runs = 0

/** A plan for one local server, to be changed where a test is about it. */
export function planFor(port: number, changes: Partial<LoadPlan> = {}): LoadPlan {
  return {
    runId: `truth${process.pid}x${++runs}`,
    schedule: { executor: 'shared-iterations', messages: 100 },
    targets: [{ name: 'server', host: '127.0.0.1', port, tls: { mode: 'none', verify: true } }],
    workers: 5,
    sessionsPerWorker: 1,
    mail: { sizeBytes: 1024, sender: 'a@example.com', recipients: ['b@example.com'] },
    seed: 1,
    pipelining: 'commands',
    messagesPerSession: Number.POSITIVE_INFINITY,
    replyTimeoutMs: 10_000,
    drainMs: 10_000,
    ...changes,
  }
}
