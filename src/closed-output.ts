import type { Writable } from 'node:stream'

/** What a write fails with when the reader of a pipe has gone, or the terminal was closed. */
const CLOSED = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * `mailstorm … | head -1`, or a terminal that is closed in the middle of a run: what is still printed is lost,
 * what is being done is not. Without this Node ends the process, and with it the result.
 */
export function outliveClosedOutput(streams: readonly Writable[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) stream.on('error', ignoreClosed)
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (!CLOSED.has(error.code ?? '')) throw error
}
