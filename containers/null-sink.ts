import { fileURLToPath } from 'node:url'
import type { Certificate } from './certificate.ts'
import { EmbeddedProcess } from './embedded-process.ts'

const PROGRAM = fileURLToPath(new URL('../src/programs/null-sink/main.ts', import.meta.url))

export interface RunningNullSink extends AsyncDisposable {
  readonly port: number
}

interface NullSinkOptions {
  /** Of every reply. */
  readonly delayMs?: number
  /** Of those that take a message, beside that. */
  readonly takeMs?: number
  /** It speaks TLS from the first octet (RFC 8314 3.3). */
  readonly certificate?: Certificate
}

/** The server that takes everything and keeps nothing, as a local process. */
export async function startNullSink(options: NullSinkOptions = {}): Promise<RunningNullSink> {
  const { delayMs = 0, takeMs = 0, certificate } = options
  const program = await EmbeddedProcess.start({
    name: 'null-sink',
    program: PROGRAM,
    env: {
      NULL_SINK_DELAY_MS: String(delayMs),
      NULL_SINK_TAKE_MS: String(takeMs),
      ...(certificate && { NULL_SINK_CERT: certificate.certPem, NULL_SINK_KEY: certificate.keyPem }),
    },
  })
  return { port: Number(program.readyLine.port), [Symbol.asyncDispose]: () => program.stop() }
}
