import { parentPort, workerData } from 'node:worker_threads'
import type { Script } from './script.ts'
import { ScriptedServer } from './scripted-server.ts'
import type { ServerState } from './scripted-thread.ts'

// Entry of scripted-thread.ts: tells its port, then answers every message with what it received.

const server = await ScriptedServer.start(workerData as Script)
parentPort?.on('message', () => {
  const { sessions, stalledForMs } = server
  parentPort?.postMessage({ sessions, stalledForMs } satisfies ServerState)
})
parentPort?.postMessage(server.port)
