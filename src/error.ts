/**
 * An error that the user can act on. `message` says what went wrong, with the value given and what is allowed,
 * then what to do. It carries no stack, so that no runner prints one.
 *
 * Message form: "Failed to <verb>: <why, with the value>."
 */
/** Stable identifier for programs, such as `BAD_SCENARIO`. */
export class MailstormError extends Error {
  /** What to do about it; also the last line of `message`. */
  readonly code: string
  readonly hint: string | undefined

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
