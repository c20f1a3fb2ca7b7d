import type { ExpectedAttachment, HandedOver } from '../programs/tenants/books.ts'
import type { Delivery } from './delivery.ts'

/** In what a delivery differs from what was handed over; undefined when in nothing. */
export function differenceOf(message: HandedOver, delivery: Delivery): string | undefined {
  const stranger = delivery.recipients.find((recipient) => !message.recipients.includes(recipient))
  if (stranger !== undefined) return `it went to ${stranger} too, who is none of its recipients`
  if (delivery.textMd5 !== message.textMd5) return 'its text is another'
  const left = [...delivery.attachments]
  for (const expected of message.attachments) {
    const at = left.findIndex(({ name, md5 }) => name === expected.filename && md5 === expected.md5)
    if (at === -1) return missing(expected, left)
    left.splice(at, 1)
  }
  const [extra] = left
  return extra === undefined ? undefined : `it has an attachment more, "${extra.name}"`
}

function missing({ filename, md5, sizeBytes }: ExpectedAttachment, found: Delivery['attachments']): string {
  const other = found.find(({ name }) => name === filename)
  if (other !== undefined)
    return `"${filename}" came with ${other.bytes} bytes and MD5 ${other.md5}, not ${sizeBytes} and ${md5}`
  const renamed = found.find((one) => one.md5 === md5)
  return renamed === undefined
    ? `"${filename}" is missing`
    : `"${filename}" came under the name "${renamed.name}"`
}
