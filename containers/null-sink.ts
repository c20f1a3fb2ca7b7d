import { fileURLToPath } from 'node:url'
import { EmbeddedProcess } from './embedded-process.ts'

const PROGRAM = fileURLToPath(new URL('../src/programs/null-sink/main.ts', import.meta.url))

export interface RunningNullSink extends AsyncDisposable {
  readonly port: number
}

interface NullSinkDelays {
  /** Of every reply. */
  readonly delayMs?: number
  /** Of those that take a message, beside that. */
  readonly takeMs?: number
}

/** The server that takes everything and keeps nothing, as a local process. */
export async function startNullSink({
  delayMs = 0,
  takeMs = 0,
}: NullSinkDelays = {}): Promise<RunningNullSink> {
  const program = await EmbeddedProcess.start({
    name: 'null-sink',
    program: PROGRAM,
    env: { NULL_SINK_DELAY_MS: String(delayMs), NULL_SINK_TAKE_MS: String(takeMs) },
  })
  return { port: Number(program.readyLine.port), [Symbol.asyncDispose]: () => program.stop() }
}
