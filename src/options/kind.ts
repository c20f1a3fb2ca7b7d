import { z } from 'zod'

/** What reading one value gave: the value, or what is wrong with the text, as "is not a whole number". */
export type Reading<T> = { readonly value: T } | { readonly wrong: string }

/** A kind of value: how it is read from a variable's text, and how that is said to people. */
export interface Kind<T> {
  /** What may stand there, as "a whole number from 1 to 32". */
  readonly allowed: string
  readonly example: string
  readonly schema: z.ZodType<T, string>
}

export function kind<T>(allowed: string, example: string, read: (text: string) => Reading<T>): Kind<T> {
  const schema = z.string().transform((text, context): T => {
    const reading = read(text)
    if ('value' in reading) return reading.value
    context.addIssue(reading.wrong)
    return z.NEVER
  })
  return { allowed, example, schema }
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US')
}

export interface Range {
  readonly min: number
  readonly max: number
  /** What is counted, as "seconds". */
  readonly unit?: string
  readonly example: number
}

export function wholeNumber(range: Range): Kind<number> {
  return numberKind('a whole number', /^[+-]?\d+$/, range)
}

export function decimal(range: Range): Kind<number> {
  return numberKind('a number', /^[+-]?\d+(\.\d+)?$/, range)
}

function numberKind(what: string, syntax: RegExp, { min, max, unit, example }: Range): Kind<number> {
  const of = unit === undefined ? '' : ` ${unit}`
  const allowed = `${what} from ${formatNumber(min)} to ${formatNumber(max)}${of}`
  return kind(allowed, String(example), (text) => {
    if (!syntax.test(text)) return { wrong: `is not ${what}` }
    const value = Number(text)
    if (value < min) return { wrong: 'is too small' }
    return value > max ? { wrong: 'is too large' } : { value }
  })
}

/** One of a closed set of words. */
export function oneOf<const W extends string>(words: readonly W[], example: NoInfer<W>): Kind<W> {
  return kind(words.join(', '), example, (text) => {
    const value = words.find((word) => word.toLowerCase() === text.toLowerCase())
    return value === undefined ? { wrong: 'is not known' } : { value }
  })
}

export const onOff: Kind<boolean> = kind('1 (yes) or 0 (no)', '1', (text) => {
  if (text === '1') return { value: true }
  return text === '0' ? { value: false } : { wrong: 'is neither 1 nor 0' }
})

const CONTROL_CHARACTERS = /\p{Cc}/u

/** Any text of one line. */
export function line(allowed: string, example: string): Kind<string> {
  return kind(allowed, example, (text) =>
    CONTROL_CHARACTERS.test(text) ? { wrong: 'has control characters' } : { value: text },
  )
}

/** A count, or no limit to it. */
export function countOrUnlimited(max: number): Kind<number | 'unlimited'> {
  const allowed = `a whole number from 1 to ${formatNumber(max)}, or unlimited`
  return kind<number | 'unlimited'>(allowed, 'unlimited', (text) => {
    if (text.toLowerCase() === 'unlimited') return { value: 'unlimited' }
    if (!/^\d+$/.test(text)) return { wrong: 'is neither a whole number nor unlimited' }
    const value = Number(text)
    if (value < 1) return { wrong: 'is too small' }
    return value > max ? { wrong: 'is too large' } : { value }
  })
}
