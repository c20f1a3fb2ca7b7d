import { threadId } from 'node:worker_threads'
import type { WorkerDone } from './messages.ts'
import type { WorkerTask } from './plan.ts'
import { ThreadRun } from './thread-run.ts'

const runs = new Map<string, ThreadRun>()

/** Entry of the pool's threads: one task is one worker's whole share of a run. */
export default async function work({ plan, worker }: WorkerTask): Promise<WorkerDone> {
  let run = runs.get(plan.runId)
  if (run === undefined) {
    run = new ThreadRun(plan)
    runs.set(plan.runId, run)
  }
  try {
    return await run.work(worker)
  } finally {
    if (run.isOver) runs.delete(plan.runId)
  }
}

/** Loads this module on a thread before a run needs it. */
export function warmUp(): number {
  return threadId
}
