import { threadId } from 'node:worker_threads'
import { errorText } from '../../error.ts'
import { loadHooks } from './hooks.ts'
import type { WorkerTask } from './plan.ts'
import type { WorkerDone } from './run-control.ts'
import { ThreadRun } from './thread-run.ts'

const runs = new Map<string, Promise<ThreadRun>>()

/** Entry of the pool's threads: one task is one worker's whole share of a run. */
export default async function work({ plan, worker }: WorkerTask): Promise<WorkerDone> {
  const begun = runs.get(plan.runId) ?? ThreadRun.begin(plan)
  runs.set(plan.runId, begun)
  const run = await begun.catch((error) => {
    runs.delete(plan.runId)
    throw error
  })
  try {
    return await run.work(worker)
  } finally {
    if (run.isOver) runs.delete(plan.runId)
  }
}

/** Loads a module of hooks on a thread before a run needs it; answers why it cannot. */
export async function hooksProblem(url: string): Promise<string | undefined> {
  try {
    await loadHooks(url)
    return undefined
  } catch (error) {
    return errorText(error)
  }
}

/** Loads this module on a thread before a run needs it. */
export function warmUp(): number {
  return threadId
}
