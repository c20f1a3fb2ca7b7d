import { drawAt } from '../random.ts'
import type { Composition, Content, Traits } from './content.ts'
import { boundsOf, type Distribution, drawnFrom } from './distribution.ts'
import { EndlessText, type TextCut } from './endless-text.ts'
import type { Correspondents } from './envelopes/envelopes.ts'
import { type FilledPattern, fillOf, isAscii } from './envelopes/pattern.ts'
import { crcText, type Header, HeadForm, rfc5322Date } from './head.ts'
import { STREAMS } from './streams.ts'
import { GENERATED } from './template.ts'

export interface GeneratedOptions {
  readonly runId: string
  readonly seed: number
  readonly dateMs: number
  readonly sizeBytes: number | Distribution
  readonly headers: readonly HeaderSpec[]
  readonly correspondentsOf: (message: number) => Correspondents
  /** Some addresses may be beyond ASCII. */
  readonly mayBeUtf8: boolean
}

const CRC_DIGITS = 8

/** A header of the scenario's own. */
export interface HeaderSpec {
  readonly name: string
  readonly value: FilledPattern
}

/** Generated text whose size, or whose header, differs from message to message. */
export class GeneratedContent implements Content {
  readonly #options: GeneratedOptions
  readonly #sizes: Distribution | undefined
  readonly #fixedBytes: number
  readonly #text: EndlessText
  readonly #form: HeadForm
  readonly #headersOf: (message: number) => readonly Header[]

  constructor(options: GeneratedOptions) {
    const { sizeBytes, seed, dateMs, headers } = options
    this.#options = options
    this.#sizes = typeof sizeBytes === 'number' ? undefined : sizeBytes
    this.#fixedBytes = typeof sizeBytes === 'number' ? sizeBytes : 0
    this.#text = new EndlessText(seed, boundsOf(asDistribution(sizeBytes)).most)
    const names = headers.map(({ name }) => name)
    this.#form = new HeadForm({ runId: options.runId, date: rfc5322Date(dateMs), names })
    this.#headersOf = filledHeaders(headers, seed)
  }

  sizeOf(message: number): number {
    const { seed } = this.#options
    if (this.#sizes === undefined) return this.#fixedBytes
    const first = drawAt(seed, STREAMS.size, message)
    // A second draw is of use to some distributions alone.
    const second = this.#sizes.kind === 'lognormal' ? drawAt(seed, STREAMS.size + 1, message) : 0
    return drawnFrom(this.#sizes, first, second)
  }

  get beginning(): Buffer {
    return this.#text.beginning
  }

  octetsOf(message: number): readonly Buffer[] {
    const { head, isUtf8, ...body } = this.composed(message)
    return [Buffer.from(head, isUtf8 ? 'utf8' : 'latin1'), ...this.#text.parts(body)]
  }

  composed(message: number): Composition & TextCut {
    const { correspondentsOf } = this.#options
    const { sender, recipients } = correspondentsOf(message)
    const before = this.#form.before(message, sender, recipients[0] ?? '')
    const after = this.#form.after(this.#headersOf(message))
    const isUtf8 = this.traits(message).utf8Headers
    const headBytes = (isUtf8 ? Buffer.byteLength(before) : before.length) + CRC_DIGITS + after.length
    const body = this.#text.bodyOf(this.sizeOf(message) - headBytes)
    return { head: before + crcText(body.crc) + after, isUtf8, ...body }
  }

  traits(message: number): Traits {
    if (!this.#options.mayBeUtf8) return GENERATED
    const { sender, recipients } = this.#options.correspondentsOf(message)
    return isAscii(sender) && isAscii(recipients[0] ?? '') ? GENERATED : UTF8_HEADER
  }
}

const UTF8_HEADER: Traits = { ...GENERATED, utf8Headers: true, eightBit: true }

function asDistribution(sizeBytes: number | Distribution): Distribution {
  return typeof sizeBytes === 'number' ? { kind: 'uniform', least: sizeBytes, most: sizeBytes } : sizeBytes
}

/** The headers of message n. */
export function filledHeaders(
  specs: readonly HeaderSpec[],
  seed: number,
): (message: number) => readonly Header[] {
  const fills = specs.map(({ name, value }, index) => {
    const stream = STREAMS.header + 64 * index
    const fill = fillOf(value)
    return (message: number): Header => ({ name, value: fill({ seed, stream, message, index: 0 }) })
  })
  const none: readonly Header[] = []
  return fills.length === 0 ? () => none : (message) => fills.map((fill) => fill(message))
}
