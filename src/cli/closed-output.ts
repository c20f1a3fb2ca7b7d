import type { Readable, Writable } from 'node:stream'

/** What a write fails with when the reader of a pipe has gone, or the terminal was closed. */
const CLOSED = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * For `mailstorm … | head -1`, or a terminal closed in the middle of a run: further output is lost, but the work
 * goes on. Otherwise Node would end the process, and lose the result. The same for a full disk under
 * `> run.log`; that the output is incomplete is then reported, where possible, and in the exit code.
 */
export function outliveClosedOutput(streams: readonly Writable[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) outliveClosed(stream)
}

function outliveClosed(stream: Writable): void {
  let isClosed = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!isClosed && !CLOSED.has(error.code ?? '')) tellOfLoss(stream, error)
    isClosed = true
  })
  // A source that can no longer write stalls, and a reader waiting for its end waits for ever, as Vitest does
  // for its worker's output.
  stream.on('unpipe', (source: Readable) => {
    setImmediate(() => {
      if (isClosed) source.resume()
    })
  })
}

const NOT_WHOLE = 1

function tellOfLoss(stream: Writable, error: Error): void {
  // Keep an exit code set by a failed run or a signal.
  process.once('exit', (code) => {
    if (code === 0) process.exitCode = NOT_WHOLE
  })
  if (stream !== process.stderr)
    process.stderr.write(`Failed to write the output: ${error.message}. The rest of the output is missing.\n`)
}
