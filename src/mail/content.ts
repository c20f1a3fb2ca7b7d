/**
 * What the messages of a run say, by their numbers: message n is the same on every thread, in every generator, and for
 * whoever verifies it.
 */
export interface Content {
  /** Of the whole message as RFC 1870 3 counts it: header and body with CRLF, before dot-stuffing. */
  sizeOf(message: number): number
  /**
   * Header and body with CRLF, not dot-stuffed, and with the headers by which it is found again (src/ledger/ledger.ts).
   * Several messages are on their way at a time: the octets stay as they are.
   */
  octetsOf(message: number): readonly Buffer[]
  traits(message: number): Traits
  /** Where bodies begin alike: what they begin with, and how a message is made of it. No dot is to be doubled in it. */
  readonly beginning?: Buffer
  composed?(message: number): Composition
}

/** A message as a header, so much of what all bodies begin with, and an end. */
export interface Composition {
  readonly head: string
  /** The head is to be written as UTF-8. */
  readonly isUtf8: boolean
  readonly cut: number
  readonly end: Buffer
}

/** What a message asks of the server, and of the sender. */
export interface Traits {
  /** Octets above 127 (RFC 6152). */
  readonly eightBit: boolean
  /** Octets above 127 in its header (RFC 6532). */
  readonly utf8Headers: boolean
  /** Octets of its longest line, without CRLF; RFC 5321 4.5.3.1.6 allows 998. */
  readonly longestLine: number
  /** A line begins with a dot, which is doubled on the way (RFC 5321 4.5.2). Only then is the message looked through. */
  readonly dotLines: boolean
}
