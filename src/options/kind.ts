import { z } from 'zod'
import { LOOPBACK } from '../listening.ts'

/** What reading one value gave: the value, or what is wrong with the text, as "is not a whole number". */
export type Reading<T> = { readonly value: T } | { readonly wrong: string }

/** A kind of value: how it is read from a variable's text, and how that is said to people. */
export interface Kind<T> {
  /** What may stand there, as "a whole number from 1 to 32". */
  readonly allowed: string
  readonly example: string
  readonly schema: z.ZodType<T, string>
  /** Of the value itself, where it is not given as text. */
  readonly value: z.ZodType<T>
}

export function kind<T>(
  allowed: string,
  example: string,
  read: (text: string) => Reading<T>,
  value: z.ZodType<T> = z.custom<T>(),
): Kind<T> {
  const schema = z.string().transform((text, context): T => {
    const reading = read(text)
    if ('value' in reading) return reading.value
    context.addIssue(reading.wrong)
    return z.NEVER
  })
  return { allowed, example, schema, value }
}

/** Of text that is its own value. */
export function textKind(
  allowed: string,
  example: string,
  read: (text: string) => Reading<string>,
): Kind<string> {
  const { schema } = kind(allowed, example, read)
  return { allowed, example, schema, value: z.string('is not text').pipe(schema) }
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US')
}

export interface Range {
  readonly min: number
  readonly max: number
  /** What is counted, as "seconds". */
  readonly unit?: string
  /** The least, if nothing is said. */
  readonly example?: number
}

export function wholeNumber(range: Range): Kind<number> {
  return numberKind('a whole number', /^[+-]?\d+$/, range, 1, z.int('is not a whole number'))
}

/** `factor`: units of the value in one unit of the text. */
export function decimal(range: Range, factor = 1): Kind<number> {
  return numberKind('a number', /^[+-]?\d+(\.\d+)?$/, range, factor, z.number('is not a number'))
}

/** A time in seconds, as a value in milliseconds. */
export function seconds(range: Omit<Range, 'unit'>): Kind<number> {
  return decimal({ ...range, unit: 'seconds' }, 1000)
}

/** As a value in bytes (1 KB = 1,024 bytes). */
export function kilobytes(range: Omit<Range, 'unit'>): Kind<number> {
  return decimal({ ...range, unit: 'KB' }, 1024)
}

/** As a value in bytes (1 MB = 1,048,576 bytes). */
export function megabytes(range: Omit<Range, 'unit'>): Kind<number> {
  return decimal({ ...range, unit: 'MB' }, 1024 ** 2)
}

function numberKind(what: string, syntax: RegExp, range: Range, factor: number, type: z.ZodNumber) {
  const { min, max, unit, example = min } = range
  const of = unit === undefined ? '' : ` ${unit}`
  const allowed = `${what} from ${formatNumber(min)} to ${formatNumber(max)}${of}`
  const read = (text: string): Reading<number> => {
    if (!syntax.test(text)) return { wrong: `is not ${what}` }
    const value = Number(text)
    if (value < min) return { wrong: 'is too small' }
    if (value > max) return { wrong: 'is too large' }
    // 0.29 seconds are 290 ms, not 289.99999999999994.
    return { value: factor === 1 ? value : Math.round(value * factor * 1e3) / 1e3 }
  }
  const value = type.min(min * factor, 'is too small').max(max * factor, 'is too large')
  return kind(allowed, String(example), read, value)
}

/** One of a closed set of words. */
export function oneOf<const W extends string>(words: readonly W[], example: NoInfer<W>): Kind<W> {
  const read = (text: string): Reading<W> => {
    const value = words.find((word) => word.toLowerCase() === text.toLowerCase())
    return value === undefined ? { wrong: 'is not known' } : { value }
  }
  return kind(words.join(', '), example, read, z.literal([...words], 'is not known'))
}

export const onOff: Kind<boolean> = kind('1 (yes) or 0 (no)', '1', (text) => {
  if (text === '1') return { value: true }
  return text === '0' ? { value: false } : { wrong: 'is neither 1 nor 0' }
})

const YES = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const NO = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** As Go's strconv.ParseBool takes it, and with it MailHog. */
export const trueOrFalse: Kind<boolean> = kind(
  'true or false, or 1 or 0',
  'true',
  (text) => {
    if (YES.has(text)) return { value: true }
    return NO.has(text) ? { value: false } : { wrong: 'is neither true nor false' }
  },
  z.boolean('is neither true nor false'),
)

/** Text of a form. */
export function matching(pattern: RegExp, allowed: string, example: string): Kind<string> {
  const wrong = 'is not valid'
  const read = (text: string): Reading<string> => (pattern.test(text) ? { value: text } : { wrong })
  return kind(allowed, example, read, z.string(wrong).regex(pattern, wrong))
}

/** A name or an IP address that a server can listen on. */
export const listenHost = matching(/^[A-Za-z0-9._:-]{1,255}$/, 'an address to listen on', LOOPBACK)

/** 0 = any free one. */
export const listenPort = wholeNumber({ min: 0, max: 65_535 })

const CONTROL_CHARACTERS = /\p{Cc}/u

/** Any text of one line. */
export function line(allowed: string, example: string): Kind<string> {
  return textKind(allowed, example, (text) =>
    CONTROL_CHARACTERS.test(text) ? { wrong: 'has control characters' } : { value: text },
  )
}

/** A count, or no limit to it. */
export function countOrUnlimited(max: number): Kind<number | 'unlimited'> {
  const allowed = `a whole number from 1 to ${formatNumber(max)}, or unlimited`
  const neither = 'is neither a whole number nor unlimited'
  const readNumber = (value: number): Reading<number> => {
    if (!Number.isInteger(value)) return { wrong: neither }
    if (value < 1) return { wrong: 'is too small' }
    return value > max ? { wrong: 'is too large' } : { value }
  }
  return kind<number | 'unlimited'>(
    allowed,
    'unlimited',
    (text) => {
      if (text.toLowerCase() === 'unlimited') return { value: 'unlimited' }
      return /^\d+$/.test(text) ? readNumber(Number(text)) : { wrong: neither }
    },
    anyValue<number | 'unlimited'>((value) =>
      value === 'unlimited' ? { value: 'unlimited' } : readNumber(Number(value)),
    ),
  )
}

/** Of a value that is read by a rule of its own, where it is not given as text. */
export function anyValue<T>(read: (value: unknown) => Reading<T>): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const reading = read(value)
    if ('value' in reading) return reading.value
    context.addIssue(reading.wrong)
    return z.NEVER
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
  /** What is wrong with the value itself, where it is not given as text; undefined when nothing is. */
  wrongWith(value: unknown): string | undefined
}

type About = Omit<Variable, 'name'>
const about = z.registry<About>()

/** A variable whose default is a text like any other: it is read by the same rules. */
export function preset<T>(kind: Kind<T>, byDefault: string, meaning: string) {
  return kind.schema
    .prefault(byDefault)
    .register(about, { ...saidOf(kind), meaning, byDefault, secret: false })
}

function saidOf<T>({
  allowed,
  example,
  value,
}: Kind<T>): Pick<Variable, 'allowed' | 'example' | 'wrongWith'> {
  return { allowed, example, wrongWith: (given) => value.safeParse(given).error?.issues[0]?.message }
}

/** A variable that stays undefined when unset; `byDefault` says in words what then holds. */
export function unset<T>(kind: Kind<T>, byDefault: string, meaning: string, secret = false) {
  return kind.schema.optional().register(about, { ...saidOf(kind), meaning, byDefault, secret })
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
export const DEFAULT_SIZE = 'medium' satisfies SizeName

/** A message's own headers (date, ids, checksum, addresses) need about 450 bytes. */
export const MIN_MESSAGE_BYTES = 512
export const MAX_MESSAGE_BYTES = 1024 ** 3

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
  const allowed = `${words}${least} ${minBytes === 1 ? 'byte' : 'bytes'} to 1 GB, such as 10240, 10KB or 1MB (1 KB = 1024 bytes)`
  const named = (text: string) => (names && isSizeName(text) ? SIZES[text] : undefined)
  const readBytes = (bytes: number | undefined): Reading<number> => {
    if (bytes === undefined) return { wrong: 'is not a size' }
    if (!Number.isInteger(bytes)) return { wrong: 'is not a whole number of bytes' }
    if (bytes < minBytes) return { wrong: 'is too small' }
    return bytes > MAX_MESSAGE_BYTES ? { wrong: 'is too large' } : { value: bytes }
  }
  return kind(
    allowed,
    example,
    (text) => readBytes(named(text) ?? bytesOf(text)),
    anyValue((value) => readBytes(typeof value === 'number' ? value : named(String(value)))),
  )
}

export function isSizeName(text: string): text is SizeName {
  return Object.hasOwn(SIZES, text)
}

/** Of `10240` or `10KB`, whatever its limits. */
export function bytesOf(text: string): number | undefined {
  const [whole, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?b)?$/i.exec(text) ?? []
  const factor = FACTORS[unit.toLowerCase()]
  return whole === undefined || factor === undefined ? undefined : Number(number) * factor
}
