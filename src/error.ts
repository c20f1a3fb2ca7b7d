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
