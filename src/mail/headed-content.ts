import type { Content, Traits } from './content.ts'
import { folded, type Header } from './head.ts'

/** Content with headers on top of its own. */
export class HeadedContent implements Content {
  readonly #content: Content
  readonly #headersOf: (message: number) => readonly Header[]

  constructor(content: Content, headersOf: (message: number) => readonly Header[]) {
    this.#content = content
    this.#headersOf = headersOf
  }

  sizeOf(message: number): number {
    return this.#textOf(message).length + this.#content.sizeOf(message)
  }

  octetsOf(message: number): readonly Buffer[] {
    return [Buffer.from(this.#textOf(message), 'latin1'), ...this.#content.octetsOf(message)]
  }

  traits(message: number): Traits {
    return this.#content.traits(message)
  }

  /** ASCII. */
  #textOf(message: number): string {
    return this.#headersOf(message)
      .map(({ name, value }) => `${folded(`${name}: ${value}`)}\r\n`)
      .join('')
  }
}
