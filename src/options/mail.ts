import { type Distribution, readDistribution, type Unit } from '../mail/distribution.ts'
import { addressLiteral, domainOf, isMailbox } from '../mail/envelopes/address.ts'
import { isFixed, type Pattern, readPattern, samplesOf } from '../mail/envelopes/pattern.ts'
import type { DsnSpec } from '../mail/mail.ts'
import { isOwnAddress } from '../smtp/preflight/address.ts'
import { isReservedDomain } from './address.ts'
import {
  anyValue,
  bytesOf,
  isSizeName,
  type Kind,
  kind,
  MAX_MESSAGE_BYTES,
  MIN_MESSAGE_BYTES,
  type Reading,
  SIZES,
  sizeInBytes,
  textKind,
  wholeNumber,
} from './kind.ts'

const oneSize = sizeInBytes({ minBytes: MIN_MESSAGE_BYTES, names: true, example: 'large' })
const SIZE: Unit = {
  what: 'a size',
  least: MIN_MESSAGE_BYTES,
  most: MAX_MESSAGE_BYTES,
  read: (text) => (isSizeName(text) ? SIZES[text] : bytesOf(text)),
}

const MOST_RECIPIENTS = 1000
const oneCount = wholeNumber({ min: 1, max: MOST_RECIPIENTS, example: 10 })
const COUNT: Unit = {
  what: 'a number',
  least: 1,
  most: MOST_RECIPIENTS,
  read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
}

/** How sizes are spread: `'1KB..100KB'`, `'lognormal(12KB,1.5)'` or `'small:40,medium:30,50MB:5'`. */
export type SizeDistribution = `${string}..${string}` | `lognormal(${string})` | `${string}:${string}`

/** Bytes, or the text of a distribution, which means the same wherever it is read. */
export const messageSize = spread<SizeDistribution>(
  oneSize,
  SIZE,
  '1KB..100KB, lognormal(12KB,1.5) or small:40,50MB:5',
)

/** A number, or the text of a distribution. */
export const recipientCount = spread<string>(oneCount, COUNT, '1..10 or 1:80,10:15,100:5')

function spread<T extends string>(one: Kind<number>, unit: Unit, forms: string): Kind<number | T> {
  const read = (text: string): Reading<number | T> => {
    const spreads = readDistribution(text, unit)
    if (spreads === undefined) {
      const { data, error } = one.schema.safeParse(text)
      return data === undefined ? { wrong: error?.issues[0]?.message ?? 'is not valid' } : { value: data }
    }
    return 'wrong' in spreads ? spreads : { value: text.replaceAll(/\s+/g, '') as T }
  }
  const value = anyValue<number | T>((given) => {
    if (typeof given === 'string' && readDistribution(given, unit) !== undefined) return read(given)
    const { data, error } = one.value.safeParse(given)
    return data === undefined ? { wrong: error?.issues[0]?.message ?? 'is not valid' } : { value: data }
  })
  return kind(`${one.allowed}; or a distribution, as ${forms}`, one.example, read, value)
}

/** What the text of a size or of a number of recipients means; undefined where it is none of a distribution. */
export function distributionOf(text: string, of: 'size' | 'recipients'): Distribution | undefined {
  const read = readDistribution(text, of === 'size' ? SIZE : COUNT)
  return read !== undefined && 'value' in read ? read.value : undefined
}

/** RFC 5321 4.5.5: of bounces, and of all that must not be answered by one. */
export const NULL_SENDER = '<>'

const FORMS = 'with {1..10000}, {seq}, {uuid} or {pick:file.csv:column} in it where messages differ'

export const senderAddress = addressKind(
  `an address as name@domain, ${FORMS}; or ${NULL_SENDER}, the null sender`,
  'load{1..100}@example.com',
  (text) => text === NULL_SENDER,
)

export const recipientAddress = addressKind(
  `an address as name@domain, ${FORMS}`,
  'user{1..10000}@example.com',
  () => false,
)

function addressKind(allowed: string, example: string, isSpecial: (text: string) => boolean): Kind<string> {
  return textKind(allowed, example, (text) => {
    if (isSpecial(text)) return { value: text }
    const pattern = readPattern(text)
    if ('wrong' in pattern) return pattern
    const wrong = picks(pattern.value) ? undefined : mailboxProblem(pattern.value)
    return wrong === undefined ? { value: text } : { wrong }
  })
}

/** Its rows are read where a run is planned. */
function picks({ pieces }: Pattern): boolean {
  return pieces.some((piece) => typeof piece !== 'string' && piece.kind === 'pick')
}

function mailboxProblem(pattern: Pattern): string | undefined {
  for (const sample of samplesOf({ ...pattern, tables: [] }))
    if (!isMailbox(sample))
      return isFixed(pattern) ? 'is not a mail address' : `gives ${sample}, which is not a mail address`
  return undefined
}

/**
 * Why mail must not go to or come from such an address, or undefined; `given` is how it was given, as
 * `recipient="a@b.example"`. What a file has to say is not known yet where it is only picked from.
 */
export function publicProblem(given: string, text: string): string | undefined {
  const pattern = readPattern(text)
  if (text === NULL_SENDER || 'wrong' in pattern || picks(pattern.value)) return undefined
  return publicSample(given, samplesOf({ ...pattern.value, tables: [] }))
}

/** The same for all that a pattern may give. */
export function publicSample(given: string, samples: Iterable<string>): string | undefined {
  for (const sample of samples) {
    const domain = domainOf(sample)
    if (reachesNobody(domain)) continue
    return `${given} is in ${domain}, where real people may get the mail. Use a reserved domain (RFC 2606), such as example.com or test.local, or set ALLOW_PUBLIC_TARGETS=1.`
  }
  return undefined
}

/** Reserved names, and literals of addresses to which load may go. */
function reachesNobody(domain: string): boolean {
  const literal = addressLiteral(domain)
  if (literal === undefined) return isReservedDomain(domain)
  return isOwnAddress({ address: literal, family: literal.includes(':') ? 6 : 4 })
}

/** RFC 5322 2.2: printable ASCII but for the colon. */
const HEADER_NAME = /^[!-9;-~]{1,70}$/
/** Of a line, which cannot be broken where no space is (RFC 5322 2.1.1 has 998 characters at most). */
const MOST_WORD_CHARACTERS = 900
const MOST_HEADERS = 50
/** These are how a message is found again, or what its body is. */
const OUR_HEADERS = /^(x-mailstorm-.*|mime-version|content-.*)$/i

export type Headers = Readonly<Record<string, string>>

/** `X-Tenant: {seq}; List-Id: <a.test>`: a semicolon ends a header where the next one's name follows. */
export const headerList: Kind<Headers> = kind(
  'headers as Name: value, separated by semicolons, with {1..100}, {seq}, {uuid} or {pick:file.csv:column} in their values',
  'X-Tenant: t{1..50}; List-Id: <news.example.test>',
  (text) => {
    const headers: [string, string][] = []
    for (const part of text.split(/;\s*(?=[!-9;-~]+:(?:\s|$))/)) {
      const colon = part.indexOf(':')
      if (colon === -1) return { wrong: `has ${JSON.stringify(part.trim())}, which is not Name: value` }
      headers.push([part.slice(0, colon).trim(), part.slice(colon + 1).trim()])
    }
    return headersFrom(headers)
  },
  anyValue((given) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return { wrong: "is not an object of headers, as { 'X-Tenant': '{seq}' }" }
    return headersFrom(Object.entries(given))
  }),
)

function headersFrom(entries: readonly (readonly [string, unknown])[]): Reading<Headers> {
  const names = new Set<string>()
  for (const [name, value] of entries) {
    const wrong = headerProblem(name, value)
    if (wrong !== undefined) return { wrong }
    if (names.has(name.toLowerCase())) return { wrong: `has the header ${name} twice` }
    names.add(name.toLowerCase())
  }
  if (names.size > MOST_HEADERS) return { wrong: `has more than ${MOST_HEADERS} headers` }
  return { value: Object.freeze(Object.fromEntries(entries) as Record<string, string>) }
}

function headerProblem(name: string, value: unknown): string | undefined {
  if (!HEADER_NAME.test(name)) return `has ${JSON.stringify(name)}, which is not the name of a header`
  if (OUR_HEADERS.test(name)) return `has ${name}, which the message itself needs`
  if (typeof value !== 'string') return `has ${name}, whose value is not text`
  const wrong = headerTextProblem(value)
  if (wrong !== undefined) return `has ${name}, whose value ${wrong}`
  const pattern = readPattern(value)
  return 'wrong' in pattern ? `has ${name}, whose value ${pattern.wrong}` : undefined
}

/** What must not stand in a header, be it written there or picked: a line end would begin another header. */
export function headerTextProblem(text: string): string | undefined {
  if (!/^[ -~]*$/.test(text))
    return 'is not printable ASCII on one line; write other characters as an encoded word (RFC 2047)'
  if (text.trim() === '') return 'is empty'
  return text.split(' ').some((word) => word.length > MOST_WORD_CHARACTERS)
    ? `has more than ${MOST_WORD_CHARACTERS} characters without a space`
    : undefined
}

export function headersText(headers: Headers): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ')
}

const EVENTS = { success: 'SUCCESS', failure: 'FAILURE', delay: 'DELAY' } as const
const RETURNED = { full: 'FULL', headers: 'HDRS' } as const

/** Delivery status notifications that are asked for (RFC 3461 4.1, 4.3). */
export const notifications: Kind<string> = textKind(
  'success, failure and delay, separated by commas, or never; and perhaps full or headers, what a notice brings back',
  'success,failure,headers',
  (text) => {
    const words = text.split(',').map((word) => word.trim().toLowerCase())
    const unknown = words.find(
      (word) => word !== 'never' && !Object.hasOwn(EVENTS, word) && !Object.hasOwn(RETURNED, word),
    )
    if (unknown !== undefined) return { wrong: `has ${JSON.stringify(unknown)}, which is not known` }
    if (new Set(words).size < words.length) return { wrong: 'says a word twice' }
    const events = words.filter((word) => Object.hasOwn(EVENTS, word))
    if (words.includes('never') === events.length > 0)
      return {
        wrong: events.length > 0 ? 'says never beside what to tell of' : 'does not say what to tell of',
      }
    return words.filter((word) => Object.hasOwn(RETURNED, word)).length > 1
      ? { wrong: 'says both full and headers' }
      : { value: words.join(',') }
  },
)

/** The meaning of such a text, which was checked. */
export function dsnOf(text: string): DsnSpec {
  const words = text.split(',').map((word) => word.trim().toLowerCase())
  const events = words.flatMap((word) => EVENTS[word as keyof typeof EVENTS] ?? [])
  const [ret] = words.flatMap((word) => RETURNED[word as keyof typeof RETURNED] ?? [])
  return { notify: events.length === 0 ? 'NEVER' : events, ...(ret === undefined ? {} : { ret }) }
}
