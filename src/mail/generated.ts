import { BODY_CRC_HEADER } from '../ledger/ledger.ts'
import { drawAt } from '../random.ts'
import type { Content, Traits } from './content.ts'
import { boundsOf, type Distribution, drawnFrom } from './distribution.ts'
import { EndlessText } from './endless-text.ts'
import type { Correspondents } from './envelopes.ts'
import { crcText, type Header, headOf, rfc5322Date } from './head.ts'
import { type FilledPattern, fillOf, isAscii } from './pattern.ts'
import { STREAMS } from './streams.ts'
import { GENERATED } from './template.ts'

export interface GeneratedOptions {
  readonly runId: string
  readonly seed: number
  readonly dateMs: number
  readonly sizeBytes: number | Distribution
  readonly headers: readonly HeaderSpec[]
  readonly correspondentsOf: (message: number) => Correspondents
}

const CRC_BEGINS = `\r\n${BODY_CRC_HEADER}: `

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
  readonly #date: string
  readonly #headersOf: (message: number) => readonly Header[]

  constructor(options: GeneratedOptions) {
    const { sizeBytes, seed, dateMs, headers } = options
    this.#options = options
    this.#sizes = typeof sizeBytes === 'number' ? undefined : sizeBytes
    this.#fixedBytes = typeof sizeBytes === 'number' ? sizeBytes : 0
    this.#text = new EndlessText(seed, boundsOf(asDistribution(sizeBytes)).most)
    this.#date = rfc5322Date(dateMs)
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

  octetsOf(message: number): readonly Buffer[] {
    const { runId, correspondentsOf } = this.#options
    const { sender, recipients } = correspondentsOf(message)
    const recipient = recipients[0] ?? ''
    const headers = this.#headersOf(message)
    // The length of a head does not depend on the CRC in it, which depends on how much is left for the body.
    const head = Buffer.from(
      headOf({ runId, message, sender, recipient, headers, date: this.#date, bodyCrc: 0 }),
    )
    const { parts, crc } = this.#text.slice(this.sizeOf(message) - head.length)
    head.write(crcText(crc), head.indexOf(CRC_BEGINS) + CRC_BEGINS.length, 'latin1')
    return [head, ...parts]
  }

  traits(message: number): Traits {
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
