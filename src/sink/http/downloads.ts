import { pipeline } from 'node:stream/promises'
import { type Content, partsOf } from '../mail/content.ts'
import { apiSizeBytes } from '../store/stored-message.ts'
import { type Exchange, sendNotFound } from './exchange.ts'
import type { Messages } from './messages.ts'

/** The message exactly as it was received, but for its final CRLF, which MailHog also leaves out. */
export async function download({ response, parameters }: Exchange, messages: Messages): Promise<void> {
  const [id = ''] = parameters
  const message = messages.store.get(id)
  if (message === undefined) return sendNotFound(response)
  using snapshot = messages.open()
  response.setHeader('Content-Type', 'message/rfc822')
  response.setHeader('Content-Disposition', `attachment; filename="${id}.eml"`)
  try {
    await pipeline(firstBytes(snapshot.blocks(message), apiSizeBytes(message)), response)
  } catch {
    // The client went away; there is nobody to tell.
  }
}

function* firstBytes(blocks: Iterable<Buffer>, bytes: number): Generator<Buffer> {
  let left = bytes
  for (const block of blocks) {
    if (left > 0) yield block.subarray(0, left)
    left -= block.length
  }
}

/** One MIME part: its own header as HTTP header, base64 decoded, other encodings as they are. */
export function downloadPart({ response, parameters }: Exchange, messages: Messages): void {
  const [id = '', number = ''] = parameters
  const view = messages.view(id)
  // What is no number is 0, as Go's Atoi says.
  const part = view && partsOf(view.content)?.[/^[+-]?\d+$/.test(number) ? Number(number) : 0]
  if (part === undefined) {
    sendNotFound(response)
    return
  }
  response.setHeader('Content-Disposition', `attachment; filename="${id}-part-${number}"`)
  copyHeader(part, response)
  response.end(partBody(part))
}

// They would contradict what node:http says of the response (RFC 9110 7.6.1, 8.6).
const NOT_COPIED = new Set([
  'connection',
  'content-length',
  'date',
  'transfer-encoding',
  'trailer',
  'upgrade',
])
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function copyHeader(part: Content, response: Exchange['response']): void {
  for (const [name, values] of part.headers) {
    if (!FIELD_NAME.test(name) || NOT_COPIED.has(name.toLowerCase())) continue
    response.setHeader(
      name,
      values.map((value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')),
    )
  }
}

function partBody(part: Content): Buffer {
  for (const [name, [value = '']] of part.headers) {
    if (name.toLowerCase() !== 'content-transfer-encoding') continue
    return Buffer.from(part.body, value.toLowerCase() === 'base64' ? 'base64' : 'latin1')
  }
  return Buffer.from(part.body, 'latin1')
}
