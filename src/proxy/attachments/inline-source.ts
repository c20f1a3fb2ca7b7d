import type { AttachmentSpec } from '../intake/attachment-spec.ts'
import { AttachmentError } from './attachment-error.ts'

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** Content that came with the message; folded, and without its padding, it is still good (RFC 4648 3.2). */
export function fromBase64(spec: AttachmentSpec): Buffer {
  const text = spec.source.replace(/\s+/g, '')
  const digits = text.replace(/=+$/, '')
  if (!BASE64.test(text) || digits.length % 4 === 1 || (digits === '' && text !== ''))
    throw new AttachmentError(spec.filename, 'its content is not base64', true)
  return Buffer.from(digits, 'base64')
}
