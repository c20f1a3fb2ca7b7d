import { MailstormError } from '../../error.ts'
import { type Corpus, readCorpus } from '../../mail/corpus/corpus.ts'
import { type Demand, demandsOf, MOST_TOP_BYTES } from '../../mail/corpus/demands.ts'
import type { MailSpec } from '../../mail/mail.ts'
import type { Capabilities } from '../../smtp/capabilities.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import { offersOf } from './extensions.ts'

/** Corpora that were read, by their spelling: scenarios that follow each other share them. */
export class Corpora {
  readonly #read = new Map<string, Promise<Corpus>>()

  get(spelling: string, signal: AbortSignal): Promise<Corpus> {
    const known = this.#read.get(spelling)
    if (known !== undefined) return known
    const reading = readCorpus(spelling, signal)
    this.#read.set(spelling, reading)
    // It is read again by who comes next: an interrupted reading says nothing of the files.
    reading.catch(() => this.#read.delete(spelling))
    return reading
  }
}

/** The mail of a workload, with the corpus that was read for it. */
export function withCorpus(
  { corpus, mail }: { readonly corpus: string | undefined; readonly mail: MailSpec },
  corpora: ReadonlyMap<string, Corpus>,
): MailSpec {
  const read = corpora.get(corpus ?? '')
  if (read === undefined) return mail
  const { index, places, mostBytes, summary } = read
  return { ...mail, sizeBytes: summary.meanBytes, corpus: { index, places, mostBytes } }
}

/**
 * Asks every server by EHLO, before the load, whether it may be sent all messages of a corpus. Throws one
 * MailstormError with all that it may not; a server that does not answer is left to the load.
 */
export async function checkOffers(
  corpus: Corpus,
  targets: readonly SmtpTarget[],
  replyTimeoutMs: number,
): Promise<void> {
  const demands = demandsOf(corpus)
  const problems = await Promise.all(
    targets.map(async (target) => {
      const offers = await offersOf(target, replyTimeoutMs)
      return offers === undefined ? [] : unmet(target.name, offers, demands)
    }),
  )
  const all = problems.flat()
  if (all.length === 0) return
  throw new MailstormError(
    'CORPUS_REFUSED',
    `Failed to start the run: not every message of the corpus may be sent:\n  ${all.join('\n  ')}`,
    'Leave these messages out, or let the server offer what they need.',
  )
}

function unmet(
  name: string,
  { eightBitMime, smtpUtf8, sizeLimit }: Capabilities,
  { eightBit, utf8Headers, largerThan }: ReturnType<typeof demandsOf>,
): string[] {
  const limit = sizeLimit.toLocaleString('en-US')
  const tooLarge = sizeLimit === 0 ? undefined : largerThan(sizeLimit - MOST_TOP_BYTES)
  return [
    eightBitMime
      ? undefined
      : problem(`${name} does not offer 8BITMIME (RFC 6152)`, eightBit, 'have 8-bit text'),
    smtpUtf8
      ? undefined
      : problem(`${name} does not offer SMTPUTF8 (RFC 6531)`, utf8Headers, 'have UTF-8 headers'),
    problem(`${name} takes ${limit} bytes (SIZE, RFC 1870)`, tooLarge, 'are larger'),
  ].filter((text) => text !== undefined)
}

function problem(why: string, demand: Demand | undefined, what: string): string | undefined {
  if (demand === undefined) return undefined
  const { count, of, names } = demand
  const others = count > names.length ? ', …' : ''
  const [messages, all] = [count, of].map((number) => number.toLocaleString('en-US'))
  return `${why}, and ${messages} of ${all} messages ${what}: ${names.join('; ')}${others}`
}
