import { hash } from 'node:crypto'
import type { Content } from './content.ts'

/** A message as it was made up; all that is known of it follows from this. */
export interface Draft {
  readonly id: string
  readonly priority: number
  /** 1 to 10,000. */
  readonly recipientNumber: number
  /** So many, numbered on from there. */
  readonly recipientCount: number
  readonly attachments: readonly DraftAttachment[]
}

export interface DraftAttachment {
  readonly content: Content
  readonly md5: string
  /** As recipients see it, without the marker. */
  readonly filename: string
  readonly mimeType: string
  /** An earlier message of the tenant had it already. */
  readonly repeated: boolean
}

/** Numbers of recipients start again behind this one. */
export const MOST_RECIPIENTS = 10_000

export function recipientsOf({ recipientNumber, recipientCount }: Draft): string[] {
  return Array.from(
    { length: recipientCount },
    (_, index) => `user-${((recipientNumber - 1 + index) % MOST_RECIPIENTS) + 1}@example.com`,
  )
}

export const subjectOf = ({ id }: Draft) => `Pressure test ${id}`

/** Five lines, no line break at the end. */
export function textOf({ id }: Draft): string {
  return Array.from({ length: 5 }, (_, line) => `Line ${line + 1} of 5 of message ${id}.`).join('\n')
}

/** Of the text in UTF-8, its lines ended by a single LF. */
export const textMd5Of = (draft: Draft) => hash('md5', textOf(draft), 'hex')
