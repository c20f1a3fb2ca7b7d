import { MailstormError } from '../error.ts'

export interface NumberFlag {
  /** As `--p95-limit`. */
  readonly flag: string
  readonly given: string
  readonly min?: number
  readonly max: number
  readonly whole?: boolean
  /** A unit that may follow the number. */
  readonly unit?: '%' | 'ms'
}

const WORDS = { '%': ' percent', ms: ' milliseconds' } as const
const DECIMAL = /^\d+(?:\.\d+)?$/

/** The number behind an option, or one clear error: what was given and what is allowed. */
export function numberFlag({ flag, given, min = 0, max, whole = false, unit }: NumberFlag): number {
  const text = given.trim()
  const digits = unit !== undefined && text.endsWith(unit) ? text.slice(0, -unit.length).trimEnd() : text
  const value = Number(digits)
  const isKind = whole ? /^\d+$/.test(digits) : DECIMAL.test(digits)
  if (isKind && value >= min && value <= max) return value
  const kind = whole ? 'a whole number' : 'a number'
  const range = `from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read ${flag} ${given}: it is ${kind} ${range}${unit === undefined ? '' : WORDS[unit]}.`,
  )
}
