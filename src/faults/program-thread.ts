import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Starts a program in a thread of its own, so that it shares no event loop with what it meets; with what it says first. */
export async function startProgram(program: URL, task: unknown): Promise<readonly [Worker, ready: unknown]> {
  const worker = new Worker(program, {
    workerData: task,
    // What Vitest was started with has no business in this thread.
    execArgv: [],
  })
  return [worker, await nextMessage(worker)]
}

/** Its next message after the question is the answer. */
export async function ask(worker: Worker, question: string): Promise<unknown> {
  const answer = nextMessage(worker)
  worker.postMessage(question)
  return answer
}

/** Asks a thread to end itself by this message. Resolves at once where it has ended already. */
export async function stopProgram(worker: Worker, message: string): Promise<void> {
  if (hasEnded(worker)) return
  const exited = once(worker, 'exit')
  worker.postMessage(message)
  await exited
}

/** A thread that has ended says nothing any more: a wait for it has to end with it. */
async function nextMessage(worker: Worker): Promise<unknown> {
  if (hasEnded(worker)) throw new Error('the thread has ended')
  const end = new AbortController()
  const onExit = (code: number) => end.abort(new Error(`the thread ended with code ${code} and no answer`))
  worker.once('exit', onExit)
  try {
    const [message] = await once(worker, 'message', { signal: end.signal })
    return message
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error
  } finally {
    worker.off('exit', onExit)
  }
}

function hasEnded(worker: Worker): boolean {
  return worker.threadId === -1
}
