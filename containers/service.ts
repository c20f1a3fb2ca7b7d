import { MailstormError } from '../src/error.ts'

/**
 * Something to boot. Only the running service has ports to ask for. `stop` may be called any number of times;
 * the first call stops it.
 */
export interface Service<Running extends RunningService> {
  /** Resolves when the service itself reports that it is ready. */
  start(): Promise<Running>
}

export interface RunningService extends AsyncDisposable {
  readonly name: string
  /** How it was booted. */
  readonly backend: 'embedded' | 'docker' | 'external'
  /** How it ended by itself, such as "killed by SIGKILL"; undefined while it runs or once stop() was called. */
  readonly endedBy: string | undefined
  /** Resolves when it ended by itself; with undefined when stop() ended it. */
  readonly ended: Promise<ServiceEnd | undefined>
  /** Resource use of its process or container; undefined when it cannot be read, for example after its end. */
  usage(): Promise<Usage | undefined>
  /** The last lines of its output, newest last. */
  logTail(lines: number): Promise<string[]>
  stop(): Promise<void>
  /**
   * Boots it again after it ended by itself: same ports, same options, same data on disk. The ended one then
   * needs no stop(). Absent when not possible.
   */
  startAgain?(): Promise<RunningService>
}

/** The end of a service that nobody asked to stop. */
export interface ServiceEnd {
  /** Such as "killed by SIGKILL" or "exited with code 1". */
  readonly by: string
  readonly atEpochMs: number
}

/** Resource use of a service at one moment. */
export interface Usage {
  /** Percent of one core since the last reading. */
  readonly cpuPercent: number
  readonly memoryBytes: number
  /** Received over its network since the last reading; absent when unknown, as for local processes. */
  readonly receivedBytes?: number
  readonly sentBytes?: number
}

/** Lines of the log to show for a service that did not start. */
export const LOG_LINES_SHOWN = 50

/** The error for a service that did not start, with the end of its log. */
export function startFailure(name: string, why: string, log: readonly string[]): MailstormError {
  const tail = log.slice(-LOG_LINES_SHOWN).join('\n')
  const hint = tail === '' ? 'It wrote no log.' : `The end of its log:\n${tail}`
  return new MailstormError('SERVICE_START', `Failed to start ${name}: ${why}.`, hint)
}
