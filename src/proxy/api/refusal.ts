/** An answer that is no success; always JSON, always with a reason. */
export class Refusal extends Error {
  readonly status: number
  /** Text, or what is wrong with each part of the request. */
  readonly detail: unknown

  constructor(status: number, detail: unknown) {
    super(typeof detail === 'string' ? detail : 'refused')
    this.status = status
    this.detail = detail
  }
}
