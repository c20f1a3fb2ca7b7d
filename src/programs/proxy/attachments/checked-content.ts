import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { errorText } from '../../../error.ts'

/** An attachment could not be had. */
export class AttachmentError extends Error {
  /** False when the same fetch may succeed later. */
  readonly final: boolean

  constructor(filename: string, why: string, final: boolean) {
    super(`Attachment fetch failed for ${filename}: ${why}`)
    this.final = final
  }
}

export interface Expected {
  readonly filename: string
  /** In hex; undefined = anything. */
  readonly md5: string | undefined
  readonly maxBytes: number
  /** Called with the bytes that passed. */
  readonly passed: (bytes: number) => void
}

/**
 * The same bytes, as long as they are what was expected: it ends with an AttachmentError when they are not. On the
 * way to a server that is before the final dot, so nothing wrong is ever delivered.
 */
export async function* checkedContent(
  source: AsyncIterable<Buffer>,
  expected: Expected,
): AsyncGenerator<Buffer> {
  const { filename, md5, maxBytes, passed } = expected
  const hash = md5 === undefined ? undefined : createHash('md5')
  let bytes = 0
  try {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new AttachmentError(filename, `it has more than ${maxBytes} bytes`, true)
      hash?.update(chunk)
      yield chunk
    }
  } catch (error) {
    throw error instanceof AttachmentError ? error : new AttachmentError(filename, errorText(error), false)
  } finally {
    passed(bytes)
  }
  const found = hash?.digest('hex')
  if (found !== md5) throw new AttachmentError(filename, `its MD5 is ${found}, not ${md5}`, true)
}

export function checkedBuffer(content: Buffer, { filename, md5, maxBytes, passed }: Expected): Buffer {
  if (content.length > maxBytes)
    throw new AttachmentError(filename, `it has more than ${maxBytes} bytes`, true)
  const found = md5 === undefined ? undefined : createHash('md5').update(content).digest('hex')
  if (found !== md5) throw new AttachmentError(filename, `its MD5 is ${found}, not ${md5}`, true)
  passed(content.length)
  return content
}

/** With nothing read ahead but what is on its way. `failed` may turn what is wrong with it into something else. */
export function checkedStream(
  source: Readable,
  expected: Expected,
  failed?: (error: unknown) => Promise<Error>,
): Readable {
  const content = checkedContent(source, expected)
  const stream = Readable.from(failed === undefined ? content : retold(content, failed), {
    objectMode: false,
  })
  // A generator that nobody has begun to read does not close what it would have read.
  stream.once('close', () => source.destroy())
  source.on('error', ignore)
  return stream
}

async function* retold(
  content: AsyncIterable<Buffer>,
  failed: (error: unknown) => Promise<Error>,
): AsyncGenerator<Buffer> {
  try {
    yield* content
  } catch (error) {
    throw await failed(error)
  }
}

/** Passed on to the reader. */
function ignore(): void {}
