/** An attachment could not be had. */
export class AttachmentError extends Error {
  /** False when the same fetch may succeed later. */
  readonly final: boolean

  constructor(filename: string, why: string, final: boolean) {
    super(`Attachment fetch failed for ${filename}: ${why}`)
    this.final = final
  }
}
