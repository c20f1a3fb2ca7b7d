/**
 * An error that a user can act on. `message` says what went wrong with the value given and what is
 * allowed; `hint` says what to do. It carries no stack, so that no runner prints one.
 *
 * Message form: "Failed to <verb>: <why, with the value>."
 */
export class MailstormError extends Error {
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

/** The exit code of what cannot be carried out as it was given; 1 is a run that failed, or a regression. */
export const USAGE_ERROR = 2

/**
 * What went wrong, in words, and never nothing: what failed at every address of a host (Node's AggregateError has no
 * message of its own), else the message, the code, the cause, the name.
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
