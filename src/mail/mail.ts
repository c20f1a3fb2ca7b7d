import type { Composition, Content, Traits } from './content.ts'
import { CorpusContent, type CorpusPlan } from './corpus/corpus-content.ts'
import { boundsOf, type Distribution, meanOf } from './distribution.ts'
import {
  type Correspondents,
  correspondents,
  hasUtf8Addresses,
  isList,
  type RecipientsSpec,
} from './envelopes/envelopes.ts'
import { type FilledPattern, isAscii, isFixed } from './envelopes/pattern.ts'
import { filledHeaders, GeneratedContent, type HeaderSpec } from './generated.ts'
import { HeadedContent } from './headed-content.ts'
import { messageId } from './id.ts'
import { MessageTemplate } from './template.ts'

/** What the messages of a scenario are like, in plain data. */
export interface MailSpec {
  /** Size of the whole message as RFC 1870 3 counts it: header and body with CRLF, before dot-stuffing. */
  readonly sizeBytes: number | Distribution
  /** Empty, or a pattern that gives nothing: the null sender of bounces (RFC 5321 4.5.5). */
  readonly sender: string | FilledPattern
  readonly recipients: readonly string[] | RecipientsSpec
  /** Beside ours, or in place of them. */
  readonly headers?: readonly HeaderSpec[]
  /** Of which deliveries the server is to tell the sender (RFC 3461). */
  readonly dsn?: DsnSpec
  /** Body instead of generated text; any octets in lines that end in CRLF. */
  readonly body?: Uint8Array
  /** Messages from files, instead of generated ones; `sizeBytes` is then their mean. */
  readonly corpus?: CorpusPlan
}

export interface DsnSpec {
  /** RFC 3461 4.1. */
  readonly notify: 'NEVER' | readonly ('SUCCESS' | 'FAILURE' | 'DELAY')[]
  /** How much of the message a notice brings back (RFC 3461 4.3). */
  readonly ret?: 'FULL' | 'HDRS'
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
export interface MailEnvelope extends Correspondents {
  /** An address or its header needs SMTPUTF8 (RFC 6531 3.4). */
  readonly smtpUtf8: boolean
  /** Its content has octets above 127 (RFC 6152). */
  readonly eightBit: boolean
  readonly dsn?: DsnSpec
  /** What notices call it (RFC 3461 4.4); where there is `dsn`. */
  readonly envelopeId?: string
}

/** The messages of a run by their numbers. The same plan gives the same messages, wherever it is asked. */
export interface Mail extends Content {
  /** Envelope of a message; the same object for all where they have the same. */
  envelopeOf(message: number): MailEnvelope
  /** Where all are alike but for their numbers: they are sent without allocating anything for each. */
  readonly template?: MessageTemplate
}

export function mailOf(plan: MailPlan): Mail {
  const { sizeBytes, sender, recipients, headers = [], dsn, corpus } = plan
  const isAlike =
    typeof sizeBytes === 'number' &&
    corpus === undefined &&
    dsn === undefined &&
    isList(recipients) &&
    headers.every(({ value }) => isFixed(value)) &&
    [senderText(sender), ...recipients].every((address) => address !== undefined && isAscii(address))
  if (!isAlike) return new VariedMail(plan)
  const lines = headers.map(({ name, value }) => ({ name, value: value.pieces.join('') }))
  const template = new MessageTemplate({
    ...plan,
    ...{ sizeBytes, recipients, sender: senderText(sender) ?? '', headers: lines },
  })
  return new AlikeMail(template, senderText(sender) ?? '', recipients)
}

/** Undefined where it differs from message to message. */
function senderText(sender: string | FilledPattern): string | undefined {
  if (typeof sender === 'string') return sender
  return isFixed(sender) ? sender.pieces.join('') : undefined
}

class AlikeMail implements Mail {
  readonly template: MessageTemplate
  readonly #envelope: MailEnvelope

  constructor(template: MessageTemplate, sender: string, recipients: readonly string[]) {
    this.template = template
    this.#envelope = { sender, recipients, smtpUtf8: false, eightBit: template.traits().eightBit }
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

class VariedMail implements Mail {
  readonly #content: Content
  readonly envelopeOf: (message: number) => MailEnvelope
  readonly beginning?: Buffer
  readonly composed?: (message: number) => Composition

  constructor(plan: MailPlan) {
    const { runId, seed, headers = [], corpus } = plan
    const correspondentsOf = correspondents(plan)
    const mayBeUtf8 = hasUtf8Addresses(plan)
    const content: Content =
      corpus === undefined
        ? new GeneratedContent({ ...plan, headers, correspondentsOf, mayBeUtf8 })
        : headed(new CorpusContent({ corpus, runId, seed }), headers, seed)
    this.#content = content
    this.envelopeOf = envelopes(plan, { content, correspondentsOf, mayBeUtf8 })
    if (content.beginning === undefined || content.composed === undefined) return
    this.beginning = content.beginning
    this.composed = content.composed.bind(content)
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

interface EnvelopeParts {
  readonly content: Content
  readonly correspondentsOf: (message: number) => Correspondents
  readonly mayBeUtf8: boolean
}

function envelopes(
  { runId, dsn }: Pick<MailPlan, 'runId' | 'dsn'>,
  { content, correspondentsOf, mayBeUtf8 }: EnvelopeParts,
): (message: number) => MailEnvelope {
  /** Of those that correspond, by what their content asks for. */
  let known: MailEnvelope[] = []
  let of: Correspondents | undefined
  return (message) => {
    const names = correspondentsOf(message)
    const { eightBit, utf8Headers } = content.traits(message)
    if (names !== of || dsn !== undefined) known = []
    of = names
    const kind = (eightBit ? 1 : 0) + (utf8Headers ? 2 : 0)
    const again = known[kind]
    if (again !== undefined) return again
    const { sender, recipients } = names
    const smtpUtf8 = utf8Headers || (mayBeUtf8 && ![sender, ...recipients].every(isAscii))
    const plain = { sender, recipients, smtpUtf8, eightBit }
    const envelope = dsn === undefined ? plain : { ...plain, dsn, envelopeId: messageId(runId, message) }
    known[kind] = envelope
    return envelope
  }
}

function headed(content: Content, headers: readonly HeaderSpec[], seed: number): Content {
  return headers.length === 0 ? content : new HeadedContent(content, filledHeaders(headers, seed))
}

/** Bytes of a message, in the mean over many of them. */
export function meanBytes({ sizeBytes }: MailSpec): number {
  return typeof sizeBytes === 'number' ? sizeBytes : Math.round(meanOf(sizeBytes))
}

/** Bytes of the largest message that there can be. */
export function mostBytes({ sizeBytes, corpus }: MailSpec): number {
  if (corpus !== undefined) return corpus.mostBytes
  return typeof sizeBytes === 'number' ? sizeBytes : boundsOf(sizeBytes).most
}
