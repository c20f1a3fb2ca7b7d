import type { DistributionResult, WorkloadResult } from '../../engine/result.ts'
import { boundsOf, type Distribution, meanOf } from '../../mail/distribution.ts'
import { isList } from '../../mail/envelopes/envelopes.ts'
import { type MailSpec, meanBytes } from '../../mail/mail.ts'
import { countsText, sizesText } from '../../mail/words.ts'

type MailResult = Pick<
  WorkloadResult,
  'size_bytes' | 'size_distribution' | 'recipients' | 'recipients_distribution' | 'sender' | 'recipient'
>

/** What a result says of the messages of its run. */
export function describeMail(mail: MailSpec): MailResult {
  const { sizeBytes, sender, recipients } = mail
  const sizes = typeof sizeBytes === 'number' ? {} : { size_distribution: told(sizeBytes, sizesText) }
  return {
    size_bytes: meanBytes(mail),
    ...sizes,
    ...describeRecipients(recipients),
    sender: typeof sender === 'string' ? sender : sender.text,
  }
}

function describeRecipients(
  recipients: MailSpec['recipients'],
): Pick<MailResult, 'recipients' | 'recipients_distribution' | 'recipient'> {
  if (isList(recipients)) return { recipients: recipients.length, recipient: recipients[0] ?? '' }
  const { count, pattern } = recipients
  if (typeof count === 'number') return { recipients: count, recipient: pattern.text }
  return {
    recipients: Math.round(meanOf(count) * 100) / 100,
    recipients_distribution: told(count, countsText),
    recipient: pattern.text,
  }
}

function told(distribution: Distribution, words: (distribution: Distribution) => string): DistributionResult {
  return { text: words(distribution), ...boundsOf(distribution) }
}
