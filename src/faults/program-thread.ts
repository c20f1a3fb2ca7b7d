import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Starts a program in a thread of its own, so that it shares no event loop with what it meets; with what it says first. */
export async function startProgram(program: URL, task: unknown): Promise<readonly [Worker, ready: unknown]> {
  const worker = new Worker(program, {
    workerData: task,
    // What Vitest was started with has no business in this thread.
    execArgv: [],
  })
  const [ready] = await once(worker, 'message')
  return [worker, ready]
}

/** Its next message after the question is the answer. */
export async function ask(worker: Worker, question: string): Promise<unknown> {
  const answer = once(worker, 'message')
  worker.postMessage(question)
  return (await answer)[0]
}
