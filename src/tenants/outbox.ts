import type { Draft } from './draft.ts'

/** Messages that have to be offered again: nobody took them, or nothing was heard of them for long. */
export class Outbox {
  readonly #reofferAfterMs: number
  #untaken: Draft[] = []
  /** In the order of their last offer. */
  #silent: { readonly draft: Draft; readonly offeredAtEpochMs: number }[] = []

  constructor(reofferAfterMs: number = Number.POSITIVE_INFINITY) {
    this.#reofferAfterMs = reofferAfterMs
  }

  get length(): number {
    return this.#untaken.length
  }

  /** Nobody took them: they come with the next call. */
  putBack(drafts: readonly Draft[]): void {
    for (const draft of drafts) this.#untaken.push(draft)
  }

  /** They were taken; they come again when there is no report of them in time. */
  awaitReport(drafts: readonly Draft[], offeredAtEpochMs: number): void {
    if (this.#reofferAfterMs === Number.POSITIVE_INFINITY) return
    for (const draft of drafts) this.#silent.push({ draft, offeredAtEpochMs })
  }

  /** All that is to be offered now; it is no longer in here. */
  take(nowEpochMs: number, hasReport: (id: string) => boolean): Draft[] {
    const untaken = this.#untaken
    this.#untaken = []
    const firstYoung = this.#silent.findIndex(
      ({ offeredAtEpochMs }) => offeredAtEpochMs + this.#reofferAfterMs > nowEpochMs,
    )
    const old = this.#silent.splice(0, firstYoung === -1 ? this.#silent.length : firstYoung)
    return [...untaken, ...old.map(({ draft }) => draft).filter(({ id }) => !hasReport(id))]
  }
}
