import type { Readable, Writable } from 'node:stream'

/** What a write fails with when the reader of a pipe has gone, or the terminal was closed. */
const CLOSED = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * `mailstorm … | head -1`, or a terminal that is closed in the middle of a run: what is still printed is lost,
 * what is being done is not. Without this Node ends the process, and with it the result. Nor does a full disk
 * under `> run.log`, but that the output is not whole is said, where it can be, and in the exit code.
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
  // A source that can no longer write stalls, and a reader that waits for its end waits for ever, as Vitest does
  // for the output of its worker.
  stream.on('unpipe', (source: Readable) => {
    setImmediate(() => {
      if (isClosed) source.resume()
    })
  })
}

const NOT_WHOLE = 1

function tellOfLoss(stream: Writable, error: Error): void {
  // Keeps an exit code that is already set, by a failed run or a signal.
  process.once('exit', (code) => {
    if (code === 0) process.exitCode = NOT_WHOLE
  })
  if (stream !== process.stderr)
    process.stderr.write(`Failed to write the output: ${error.message}. The rest of the output is missing.\n`)
}
