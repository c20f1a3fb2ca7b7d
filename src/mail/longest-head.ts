import { isList } from './envelopes/envelopes.ts'
import { type FilledPattern, samplesOf } from './envelopes/pattern.ts'
import { headOf, rfc5322Date } from './head.ts'
import type { MailSpec } from './mail.ts'

/** STRESS_RUN_ID has up to 40 characters, and the numbers of run, generator and part follow. */
const LONGEST_RUN_ID = 'x'.repeat(56)
/** A number behind the recipient, as +1000. */
const NUMBERED = '+1000'

/** Octets of the longest header that a generated message can have, with the empty line behind it. */
export function longestHead({ sender, recipients, headers = [] }: MailSpec): number {
  const recipient = isList(recipients) ? longestOf(recipients) : longestText(recipients.pattern) + NUMBERED
  const text = headOf({
    runId: LONGEST_RUN_ID,
    message: 0,
    sender: typeof sender === 'string' ? sender : longestText(sender),
    recipient,
    headers: headers.map(({ name, value }) => ({ name, value: longestText(value) })),
    date: rfc5322Date(0),
    bodyCrc: 0,
  })
  return Buffer.byteLength(text)
}

function longestText(pattern: FilledPattern): string {
  return longestOf(samplesOf(pattern))
}

function longestOf(texts: Iterable<string>): string {
  let longest = ''
  for (const text of texts) if (Buffer.byteLength(text) > Buffer.byteLength(longest)) longest = text
  return longest
}
