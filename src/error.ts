/**
 * An error that the user can act on. `message` reads "Failed to <verb>: <why, with the value>.", with what is allowed,
 * and then what to do. It carries no stack, so that no runner prints one. docs/guide.md lists every code.
 *
 * @example
 * ```ts
 * try {
 *   await runLoad({ targets: ['127.0.0.1:2525'], executor: 'shared-iterations', messages: 10, workers: 1, size: 'small' })
 * } catch (error) {
 *   if (error instanceof MailstormError && error.code === 'UNREACHABLE') console.log(error.hint)
 * }
 * ```
 */
export class MailstormError extends Error {
  /** Stable identifier for programs, such as `BAD_SCENARIO`. */
  readonly code: string
  /** What to do about it; also the last line of `message`. */
  readonly hint: string | undefined

  /**
   * @param code - stable identifier for programs
   * @param message - what went wrong: "Failed to <verb>: <why>."
   * @param hint - what to do about it; becomes the last line of `message`
   */
  constructor(code: string, message: string, hint?: string) {
    super(hint === undefined ? message : `${message}\n${hint}`)
    this.name = 'MailstormError'
    this.code = code
    this.hint = hint
    this.stack = `${this.name}: ${this.message}`
  }
}

/** Exit code for bad input: an option, a file, a command. 1 is a failed run or a regression. */
export const USAGE_ERROR = 2

/**
 * Describes an error in words; never empty. For a host that failed at every address it names each failure
 * (Node's AggregateError has no message of its own); otherwise the message, else the code, the cause or the
 * name.
 *
 * @example
 * errorText(error) // connect ECONNREFUSED ::1:25, connect ECONNREFUSED 127.0.0.1:25
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || 'unknown error'
  const parts = error instanceof AggregateError ? [...new Set(error.errors.map(errorText))].join(', ') : ''
  const said = [error.message, parts].filter((text) => text !== '').join(': ')
  if (said !== '') return said
  const { code, cause } = error as NodeJS.ErrnoException
  return code ?? (cause === undefined ? error.name : errorText(cause))
}

/** The same for a connection: a refused one in words, however many addresses the host has. */
export function connectionText(error: unknown): string {
  const all = error instanceof AggregateError ? error.errors : [error]
  const isRefused = all.every((one) => (one as NodeJS.ErrnoException).code === 'ECONNREFUSED')
  return isRefused ? 'the connection was refused, nothing listens on that port' : errorText(error)
}
