import { MailstormError } from '../src/error.ts'

/**
 * Something to boot, and what it is once it runs. A service that was not started has no port to ask
 * for: only the running one has. `stop` may be called any number of times; the first call stops.
 */
export interface Service<Running extends RunningService> {
  /** Resolves when the service itself has said that it is ready. */
  start(): Promise<Running>
}

export interface RunningService extends AsyncDisposable {
  readonly name: string
  /** How it was booted. */
  readonly backend: 'embedded' | 'docker' | 'external'
  /** How it ended by itself, as "killed by SIGKILL"; undefined while it runs or once stop() was called. */
  readonly endedBy: string | undefined
  /** Resolves when it ended by itself, or to undefined when stop() ended it. */
  readonly ended: Promise<ServiceEnd | undefined>
  /** Of its process, or all of its container; undefined when it cannot be read, as once it has ended. */
  usage(): Promise<Usage | undefined>
  /** The last lines of what it wrote, newest last. */
  logTail(lines: number): Promise<string[]>
  stop(): Promise<void>
  /**
   * Boots it once more after it has ended by itself: on the same ports, with the same options and what it has on
   * disk. What ended needs no stop() then. Absent where that cannot be done.
   */
  startAgain?(): Promise<RunningService>
}

/** The end of a service that nobody asked to stop. */
export interface ServiceEnd {
  /** As "killed by SIGKILL" or "exited with code 1". */
  readonly by: string
  readonly atEpochMs: number
}

/** What a service uses of its machine at one moment. */
export interface Usage {
  /** Percent of one core since the last reading. */
  readonly cpuPercent: number
  readonly memoryBytes: number
  /** Over its network since the last reading; only where that can be told. */
  readonly receivedBytes?: number
  readonly sentBytes?: number
}

/** Of the log of a service that did not start. */
export const LOG_LINES_SHOWN = 50

/** The error of a service that did not start, with the end of its log. */
export function startFailure(name: string, why: string, log: readonly string[]): MailstormError {
  const tail = log.slice(-LOG_LINES_SHOWN).join('\n')
  const hint = tail === '' ? 'It wrote no log.' : `The end of its log:\n${tail}`
  return new MailstormError('SERVICE_START', `Failed to start ${name}: ${why}.`, hint)
}
