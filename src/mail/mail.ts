import type { Content, Traits } from './content.ts'
import { CorpusContent, type CorpusPlan } from './corpus/corpus-content.ts'
import { MessageTemplate } from './template.ts'

/** What the messages of a scenario are like, in plain data. */
export interface MailSpec {
  /** Size of the whole message as RFC 1870 3 counts it: header and body with CRLF, before dot-stuffing. */
  readonly sizeBytes: number
  readonly sender: string
  readonly recipients: readonly string[]
  /** Body instead of generated text; any octets in lines that end in CRLF. */
  readonly body?: Uint8Array
  /** Messages from files, instead of generated ones; `sizeBytes` is then their mean. */
  readonly corpus?: CorpusPlan
}

/** The same for one run: all that message n depends on. It crosses threads. */
export interface MailPlan extends MailSpec {
  /** Unique to the run; message ids begin with it. */
  readonly runId: string
  readonly seed: number
  /** Of the Date header, in epoch milliseconds. */
  readonly dateMs: number
}

/** For whom a message is, and what its transport must do (RFC 5321 2.3.1). */
export interface MailEnvelope {
  /** Empty: the null sender of bounces (RFC 5321 4.5.5). */
  readonly sender: string
  readonly recipients: readonly string[]
  /** An address or its header needs SMTPUTF8 (RFC 6531 3.4). */
  readonly smtpUtf8: boolean
  /** Its content has octets above 127 (RFC 6152). */
  readonly eightBit: boolean
}

/** The messages of a run by their numbers. The same plan gives the same messages, wherever it is asked. */
export interface Mail extends Content {
  /** Envelope of a message; the same object for those that have the same. */
  envelopeOf(message: number): MailEnvelope
  /** Where all are alike but for their numbers: they are sent without allocating anything for each. */
  readonly template?: MessageTemplate
}

export function mailOf(plan: MailPlan): Mail {
  const { corpus, runId, seed } = plan
  if (corpus === undefined) return new AlikeMail(plan)
  return new VariedMail(plan, new CorpusContent({ corpus, runId, seed }))
}

/** Messages that differ, from one sender to the same recipients. */
class VariedMail implements Mail {
  readonly #content: Content
  readonly #envelopes: readonly MailEnvelope[]

  constructor({ sender, recipients }: MailSpec, content: Content) {
    this.#content = content
    this.#envelopes = [0, 1, 2, 3].map((kind) => ({
      ...{ sender, recipients },
      eightBit: (kind & 1) !== 0,
      smtpUtf8: (kind & 2) !== 0,
    }))
  }

  envelopeOf(message: number): MailEnvelope {
    const { eightBit, utf8Headers } = this.#content.traits(message)
    return this.#envelopes[(eightBit ? 1 : 0) + (utf8Headers ? 2 : 0)] as MailEnvelope
  }

  sizeOf(message: number): number {
    return this.#content.sizeOf(message)
  }

  octetsOf(message: number): readonly Buffer[] {
    return this.#content.octetsOf(message)
  }

  traits(message: number): Traits {
    return this.#content.traits(message)
  }
}

class AlikeMail implements Mail {
  readonly template: MessageTemplate
  readonly #envelope: MailEnvelope

  constructor(plan: MailPlan) {
    this.template = new MessageTemplate(plan)
    const { eightBit } = this.template.traits()
    this.#envelope = { sender: plan.sender, recipients: plan.recipients, smtpUtf8: false, eightBit }
  }

  envelopeOf(): MailEnvelope {
    return this.#envelope
  }

  sizeOf(): number {
    return this.template.sizeBytes
  }

  octetsOf(message: number): readonly Buffer[] {
    return this.template.octetsOf(message)
  }

  traits(): Traits {
    return this.template.traits()
  }
}
