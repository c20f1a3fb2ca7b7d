import { fileURLToPath } from 'node:url'
import { EmbeddedProcess } from './embedded-process.ts'

const PROGRAM = fileURLToPath(new URL('../src/programs/null-sink/main.ts', import.meta.url))

export interface RunningNullSink extends AsyncDisposable {
  readonly port: number
}

/** The server that takes everything and keeps nothing, as a local process; its replies come `delayMs` late. */
export async function startNullSink(delayMs = 0): Promise<RunningNullSink> {
  const program = await EmbeddedProcess.start({
    name: 'null-sink',
    program: PROGRAM,
    env: { NULL_SINK_DELAY_MS: String(delayMs) },
  })
  return { port: Number(program.readyLine.port), [Symbol.asyncDispose]: () => program.stop() }
}
