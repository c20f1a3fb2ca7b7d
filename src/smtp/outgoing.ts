import type { Mail } from '../mail/mail.ts'
import type { MessageTemplate } from '../mail/template.ts'
import type { Capabilities } from './capabilities.ts'
import { type Envelope, envelopeFor } from './envelope.ts'
import { type ChunkWriter, type MessageWriter, TemplateChunkWriter, TemplateWriter } from './message.ts'
import { VariedChunkWriter, VariedWriter } from './varied-message.ts'

/** The mail of a run as it goes to servers that offer the same. */
export interface Outgoing {
  envelopeOf(message: number): Envelope
  /** For messages one by one. */
  readonly writer: MessageWriter
  /** For so many at a time. */
  chunks(depth: number): ChunkWriter
}

/** What of a server's offer changes how mail goes to it: equal for those that get the same. */
export function offerOf({ size, eightBitMime, smtpUtf8 }: Capabilities): number {
  return (size ? 1 : 0) + (eightBitMime ? 2 : 0) + (smtpUtf8 ? 4 : 0)
}

/** `sender`: of the account that sends it, in place of the message's own. */
export function outgoingOf(mail: Mail, capabilities: Capabilities, sender?: string): Outgoing {
  const { template } = mail
  return template === undefined
    ? new VariedOutgoing(mail, capabilities, sender)
    : new AlikeOutgoing(mail, template, capabilities, sender)
}

class AlikeOutgoing implements Outgoing {
  readonly #template: MessageTemplate
  readonly #envelope: Envelope
  #writer: MessageWriter | undefined

  constructor(mail: Mail, template: MessageTemplate, { size }: Capabilities, accountSender?: string) {
    const { sender: own, recipients } = mail.envelopeOf(0)
    const sender = accountSender ?? own
    this.#template = template
    this.#envelope = envelopeFor(sender, recipients, size ? template.sizeBytes : undefined)
  }

  envelopeOf(): Envelope {
    return this.#envelope
  }

  get writer(): MessageWriter {
    this.#writer ??= new TemplateWriter(this.#template, this.#envelope)
    return this.#writer
  }

  chunks(depth: number): ChunkWriter {
    return new TemplateChunkWriter(this.#template, this.#envelope, depth)
  }
}

class VariedOutgoing implements Outgoing {
  readonly #mail: Mail
  readonly #offers: Capabilities
  readonly #sender: string | undefined
  readonly writer: MessageWriter

  constructor(mail: Mail, offers: Capabilities, sender?: string) {
    this.#mail = mail
    this.#offers = offers
    this.#sender = sender
    this.writer = new VariedWriter(mail)
  }

  envelopeOf(message: number): Envelope {
    const { sender, recipients, eightBit, smtpUtf8 } = this.#mail.envelopeOf(message)
    const offers = this.#offers
    const size = offers.size ? this.#mail.sizeOf(message) : undefined
    // RFC 6152 2; RFC 6531 3.4.
    const body = eightBit && offers.eightBitMime ? ' BODY=8BITMIME' : ''
    const utf8 = smtpUtf8 && offers.smtpUtf8 ? ' SMTPUTF8' : ''
    return envelopeFor(this.#sender ?? sender, recipients, size, body + utf8)
  }

  chunks(): ChunkWriter {
    return new VariedChunkWriter(this.#mail)
  }
}
