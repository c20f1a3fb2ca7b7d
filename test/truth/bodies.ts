const HIGH = Buffer.from(Array.from({ length: 128 }, (_, index) => 0x80 + index))
/** RFC 5321 4.5.3.1.6: 1,000 octets with CRLF; the dot that stuffing adds does not count. */
const LONGEST_LINE_OCTETS = 998

const lines = (...texts: (string | Buffer)[]) =>
  Buffer.concat(texts.flatMap((text) => [Buffer.from(text), Buffer.from('\r\n')]))

/** Bodies that are easily damaged on the way. */
export const BODIES: readonly { readonly name: string; readonly body: Buffer | undefined }[] = [
  { name: 'generated text', body: undefined },
  { name: 'a lone dot', body: lines('.') },
  { name: 'lone dots as first and last line', body: lines('.', 'text', '.') },
  { name: 'lines that begin with dots', body: lines('.', '..', '.x', '...', 'x.', '. ', '..y.', '.') },
  { name: 'empty lines', body: lines('', '', 'text', '', '', '.', '', '') },
  {
    name: 'lines of 998 octets',
    body: lines(
      'x'.repeat(LONGEST_LINE_OCTETS),
      '.'.repeat(LONGEST_LINE_OCTETS),
      'y'.repeat(LONGEST_LINE_OCTETS),
    ),
  },
  { name: 'octets 0x80 to 0xff', body: lines(HIGH, Buffer.concat([Buffer.from('.'), HIGH]), HIGH) },
  { name: 'more than one read of dots', body: lines(...Array<string>(25_000).fill('.')) },
]
