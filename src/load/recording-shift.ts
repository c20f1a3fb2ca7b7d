import { EMPTY_HISTOGRAM } from './histogram.ts'
import type { Recording, SecondRecording } from './recording.ts'

const NOTHING: SecondRecording = {
  accepted: 0,
  deferred: 0,
  rejected: 0,
  failed: 0,
  started: 0,
  acceptedBytes: 0,
  sessionsOpened: 0,
  responseTime: EMPTY_HISTOGRAM,
}

/** A recording as seen from a start that was so many whole seconds earlier. */
export function shiftRecording(recording: Recording, seconds: number): Recording {
  if (!Number.isInteger(seconds) || seconds < 0) throw new RangeError(`${seconds} is no number of seconds`)
  if (seconds === 0 || recording.seconds.length === 0) return recording
  const ms = seconds * 1000
  return {
    ...recording,
    seconds: [...Array.from({ length: seconds }, () => NOTHING), ...recording.seconds],
    failures: recording.failures.map((row) => ({
      ...row,
      firstMs: row.firstMs + ms,
      lastMs: row.lastMs + ms,
    })),
    lastStartMs: recording.lastStartMs + ms,
    lastEndMs: recording.lastEndMs + ms,
  }
}
