import { Readable } from 'node:stream'
import MailComposer, { type MailComposerOptions } from 'nodemailer/lib/mail-composer'
import type MimeNode from 'nodemailer/lib/mime-node'

/**
 * The message as it goes to a server, made anew for each try. One part of plain text, which most mail of this kind
 * is, becomes a single piece: as streams of streams it costs the larger part of sending it.
 */
export function wireMessage(mail: MailComposerOptions): () => Readable {
  const node = new MailComposer(mail).compile()
  const text = plainText(node)
  if (text === undefined) return () => node.createReadStream()
  return () => onePiece(text)
}

/** Undefined for whatever has several parts, or has to be encoded. */
function plainText(node: MimeNode): Buffer | undefined {
  if (node.childNodes.length > 0 || typeof node.content !== 'string') return undefined
  if (node.getTransferEncoding() !== '7bit') return undefined
  // What is missing of a final CRLF is added on the way.
  return Buffer.from(`${node.buildHeaders()}\r\n\r\n${node.content}`, 'latin1')
}

function onePiece(content: Buffer): Readable {
  return new Readable({
    read() {
      this.push(content)
      this.push(null)
    },
  })
}
