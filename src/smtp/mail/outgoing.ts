import { isAscii } from '../../mail/envelopes/pattern.ts'
import type { Mail, MailEnvelope } from '../../mail/mail.ts'
import type { MessageTemplate } from '../../mail/template.ts'
import type { Capabilities } from '../capabilities.ts'
import { failed, type SmtpFailure } from '../failure.ts'
import { type Envelope, extendedEnvelope } from './envelope.ts'
import { type ChunkWriter, type MessageWriter, TemplateChunkWriter, TemplateWriter } from './message.ts'
import { VariedChunkWriter, VariedWriter } from './varied-message.ts'

/** The mail of a run as it goes to servers that offer the same. */
export interface Outgoing {
  envelopeOf(message: number): Envelope
  /** Why a message cannot go to such servers at all. */
  refusalOf(message: number): SmtpFailure | undefined
  /** For messages one by one. */
  readonly writer: MessageWriter
  /** For so many at a time. */
  chunks(depth: number): ChunkWriter
}

/** What of a server's offer changes how mail goes to it: equal for those that get the same. */
export function offerOf({ size, eightBitMime, smtpUtf8, dsn }: Capabilities): number {
  return (size ? 1 : 0) + (eightBitMime ? 2 : 0) + (smtpUtf8 ? 4 : 0) + (dsn ? 8 : 0)
}

/** `sender`: of the account that sends it, in place of the message's own. */
export function outgoingOf(mail: Mail, capabilities: Capabilities, sender?: string): Outgoing {
  const { template } = mail
  return template === undefined
    ? new VariedOutgoing(mail, capabilities, sender)
    : new AlikeOutgoing(mail, template, capabilities, sender)
}

/** RFC 6531 3.5: such an address goes to no server that does not say it takes them. */
const NO_SMTPUTF8 = failed(
  'protocol_error',
  'envelope',
  'not sent: the server does not offer SMTPUTF8 (RFC 6531), which an address of this message needs',
)

class AlikeOutgoing implements Outgoing {
  readonly #template: MessageTemplate
  readonly #envelope: Envelope
  #writer: MessageWriter | undefined

  constructor(mail: Mail, template: MessageTemplate, offers: Capabilities, accountSender?: string) {
    const envelope = mail.envelopeOf(0)
    const sender = accountSender ?? envelope.sender
    this.#template = template
    this.#envelope = extendedEnvelope({ ...envelope, sender }, offers, template.sizeBytes)
  }

  envelopeOf(): Envelope {
    return this.#envelope
  }

  /** Mail that is alike has no address beyond ASCII. */
  refusalOf(): undefined {
    return undefined
  }

  get writer(): MessageWriter {
    this.#writer ??= new TemplateWriter(this.#template, this.#envelope)
    return this.#writer
  }

  chunks(depth: number): ChunkWriter {
    return new TemplateChunkWriter(this.#template, this.#envelope, depth)
  }
}

/** Of a mail to servers that offer the same: all sessions of a thread share them. */
const known = new WeakMap<Mail, Map<number, KnownEnvelopes>>()

function knownEnvelopes(mail: Mail, offer: number): KnownEnvelopes {
  const byOffer = known.get(mail) ?? new Map<number, KnownEnvelopes>()
  known.set(mail, byOffer)
  const envelopes = byOffer.get(offer) ?? new KnownEnvelopes()
  byOffer.set(offer, envelopes)
  return envelopes
}

/** Envelopes that many messages have: with 8-bit text or without. Where each has its own, the first few are in vain. */
const MOST_ENVELOPES = 4
/** A corpus has only so many sizes; about 200 octets each. */
const MOST_SIZES = 4_096

/** Commands that were made, by envelope and size. */
class KnownEnvelopes {
  readonly #envelopes: MailEnvelope[] = []
  readonly #bySize: Map<number, Envelope>[] = []

  get(envelope: MailEnvelope): Map<number, Envelope> | undefined {
    const at = this.#envelopes.indexOf(envelope)
    if (at !== -1) return this.#bySize[at]
    if (this.#envelopes.length === MOST_ENVELOPES) return undefined
    this.#envelopes.push(envelope)
    const bySize = new Map<number, Envelope>()
    this.#bySize.push(bySize)
    return bySize
  }
}

class VariedOutgoing implements Outgoing {
  readonly #mail: Mail
  readonly #offers: Capabilities
  readonly #sender: string | undefined
  readonly writer: MessageWriter
  readonly #known: KnownEnvelopes | undefined

  constructor(mail: Mail, offers: Capabilities, sender?: string) {
    this.#mail = mail
    this.#offers = offers
    this.#sender = sender
    this.#known = sender === undefined ? knownEnvelopes(mail, offerOf(offers)) : undefined
    this.writer = new VariedWriter(mail)
  }

  envelopeOf(message: number): Envelope {
    const envelope = this.#mail.envelopeOf(message)
    const size = this.#mail.sizeOf(message)
    const bySize = this.#known?.get(envelope)
    const known = bySize?.get(size)
    if (known !== undefined) return known
    const from = this.#sender === undefined ? envelope : { ...envelope, sender: this.#sender }
    const made = extendedEnvelope(from, this.#offers, size)
    if (bySize !== undefined && bySize.size < MOST_SIZES) bySize.set(size, made)
    return made
  }

  refusalOf(message: number): SmtpFailure | undefined {
    if (this.#offers.smtpUtf8) return undefined
    const { sender, recipients, smtpUtf8 } = this.#mail.envelopeOf(message)
    if (!smtpUtf8 || [this.#sender ?? sender, ...recipients].every(isAscii)) return undefined
    return NO_SMTPUTF8
  }

  chunks(): ChunkWriter {
    return new VariedChunkWriter(this.#mail)
  }
}
