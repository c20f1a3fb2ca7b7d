import type { Readable, Writable } from 'node:stream'

/** What a write fails with when the reader of a pipe has gone, or the terminal was closed. */
const CLOSED = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * `mailstorm … | head -1`, or a terminal that is closed in the middle of a run: what is still printed is lost,
 * what is being done is not. Without this Node ends the process, and with it the result.
 */
export function outliveClosedOutput(streams: readonly Writable[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) outliveClosed(stream)
}

function outliveClosed(stream: Writable): void {
  let isClosed = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!CLOSED.has(error.code ?? '')) throw error
    isClosed = true
  })
  // A source that can write no more stands still, and whoever waits for its end waits for ever: Vitest does
  // for the output of its worker.
  stream.on('unpipe', (source: Readable) => {
    setImmediate(() => {
      if (isClosed) source.resume()
    })
  })
}
