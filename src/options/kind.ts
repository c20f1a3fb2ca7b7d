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

/** What people are told of one environment variable; the README's table is made of these. */
export interface Variable {
  readonly name: string
  readonly meaning: string
  readonly allowed: string
  /** Its value when unset, in words where it is computed. */
  readonly byDefault: string
  readonly example: string
  /** Its value is never printed. */
  readonly secret: boolean
}

type About = Omit<Variable, 'name'>
const about = z.registry<About>()

/** A variable whose default is a text like any other: it is read by the same rules. */
export function preset<T>({ schema, allowed, example }: Kind<T>, byDefault: string, meaning: string) {
  return schema.prefault(byDefault).register(about, { meaning, allowed, byDefault, example, secret: false })
}

/** A variable that stays undefined when unset; `byDefault` says in words what then holds. */
export function unset<T>(kind: Kind<T>, byDefault: string, meaning: string, secret = false) {
  const { schema, allowed, example } = kind
  return schema.optional().register(about, { meaning, allowed, byDefault, example, secret })
}

/** What a group of variables reads as. */
export type ValuesOf<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

export function variablesOf(shape: Readonly<Record<string, z.ZodType>>): readonly Variable[] {
  return Object.entries(shape).map(([name, schema]) => {
    const known = about.get(schema)
    if (known === undefined) throw new Error(`${name} was made by neither preset() nor unset()`)
    return { name, ...known }
  })
}

/** Sizes by name, in bytes: the four of the PrixFixe stress-test guide. */
export const SIZES = { small: 1024, medium: 10_240, large: 102_400, xlarge: 1_048_576 } as const
export type SizeName = keyof typeof SIZES

/** A message's own headers (date, ids, checksum, addresses) need about 450 bytes. */
export const MIN_MESSAGE_BYTES = 512
const MAX_MESSAGE_BYTES = 1024 ** 3

const FACTORS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

export interface SizeLimits {
  readonly minBytes: number
  readonly names: boolean
  readonly example: string
}

/** A number of bytes, also as 10KB or 1.5MB (1 KB = 1,024 bytes), and by name where names are allowed. */
export function sizeInBytes({ minBytes, names, example }: SizeLimits): Kind<number> {
  const words = names ? `${Object.keys(SIZES).join(', ')}, or ` : ''
  const least = minBytes.toLocaleString('en-US')
  const allowed = `${words}${least} ${minBytes === 1 ? 'byte' : 'bytes'} to 1 GB, as 10240, 10KB or 1MB (1 KB = 1024 bytes)`
  return kind(allowed, example, (text) => {
    const bytes = names && isSizeName(text) ? SIZES[text] : bytesOf(text)
    if (bytes === undefined) return { wrong: 'is not a size' }
    if (!Number.isInteger(bytes)) return { wrong: 'is not a whole number of bytes' }
    if (bytes < minBytes) return { wrong: 'is too small' }
    return bytes > MAX_MESSAGE_BYTES ? { wrong: 'is too large' } : { value: bytes }
  })
}

function isSizeName(text: string): text is SizeName {
  return Object.hasOwn(SIZES, text)
}

function bytesOf(text: string): number | undefined {
  const [whole, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?b)?$/i.exec(text) ?? []
  const factor = FACTORS[unit.toLowerCase()]
  return whole === undefined || factor === undefined ? undefined : Number(number) * factor
}
