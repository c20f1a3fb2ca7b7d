import { parentPort, workerData } from 'node:worker_threads'
import { Crowd } from './crowd.ts'
import { FaultProxy } from './proxy.ts'
import { FaultServer } from './server.ts'
import type { ThreadReady, ThreadTask } from './threads.ts'

// Entry of the threads that threads.ts starts: reports its port, answers questions for its counts, and stops
// when told.

const running = await start(workerData as ThreadTask)
parentPort?.on('message', async (order: 'counts' | 'stop') => {
  if (order === 'counts') return parentPort?.postMessage(running.counts())
  await running[Symbol.asyncDispose]()
  parentPort?.close()
})
const port = running instanceof Crowd ? 0 : running.port
const ledger = running instanceof FaultServer ? { ledgerFile: running.ledgerFile } : {}
parentPort?.postMessage({ port, ...ledger } satisfies ThreadReady)

function start(task: ThreadTask): Promise<FaultServer | FaultProxy | Crowd> {
  switch (task.kind) {
    case 'server':
      return FaultServer.start(task.plan)
    case 'proxy':
      return FaultProxy.start(task.plan)
    case 'crowd':
      return Crowd.start(task.plan)
    default:
      return task satisfies never
  }
}
