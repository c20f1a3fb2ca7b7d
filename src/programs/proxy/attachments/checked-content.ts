import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { errorText } from '../../../error.ts'

/** An attachment could not be fetched. */
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
  /** In hex; undefined: any content. */
  readonly md5: string | undefined
  readonly maxBytes: number
  /** Called with the number of bytes that passed. */
  readonly passed: (bytes: number) => void
}

/**
 * Passes the bytes through as long as they are the expected ones; otherwise ends with an AttachmentError. On
 * the way to a server that happens before the final dot, so wrong content is never delivered.
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

/** Without reading ahead. `failed` may replace the error by another one. */
export function checkedStream(
  source: Readable,
  expected: Expected,
  failed?: (error: unknown) => Promise<Error>,
): Readable {
  const content = checkedContent(source, expected)
  const stream = Readable.from(failed === undefined ? content : retold(content, failed), {
    objectMode: false,
  })
  // An unstarted generator does not close its source.
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

/** The reader gets the error. */
function ignore(): void {}
