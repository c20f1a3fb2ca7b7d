import { foreignText } from '../foreign-text.ts'
import type { Question } from './check.ts'
import type { ProbeRow } from './report.ts'
import { type Exchange, type Reply, replyText, type Talk } from './talk.ts'

export const REPLIES: Question = {
  id: 'replies',
  title: 'Form of its replies',
  rfc: 'RFC 5321 4.2, 4.5.3.1.5',
}

/** RFC 5321 4.5.3.1.5: a reply line with its code and CRLF. */
const MAX_REPLY_LINE_BYTES = 512
const SHOWN_CHARS = 60

/** Over everything that a server said in all conversations: form and length of its replies. Pure. */
export function repliesRow(talks: readonly Talk[]): ProbeRow {
  const exchanges = talks.flatMap((talk) => talk.exchanges)
  let count = 0
  let longest = 0
  for (const { replies, unasked = [] } of exchanges) {
    for (const { longestLineBytes } of [...replies, ...unasked]) {
      count += 1
      longest = Math.max(longest, longestLineBytes)
    }
  }
  const wrong = firstOf(exchanges, whatIsWrong)
  return {
    ...REPLIES,
    sent: 'all of this probe',
    came: `${count} replies, longest line ${longest} octets`,
    verdict: wrong === undefined ? 'conforms' : 'deviates',
    note: wrong ?? '',
  }
}

function whatIsWrong(exchange: Exchange): string | undefined {
  const { replies, strays = [], unasked = [], ending, sent } = exchange
  const where = sent === '' ? 'its greeting' : `to ${foreignText(sent, SHOWN_CHARS)}`
  if (ending === 'too much') {
    return `a reply does not end within 65,536 octets (${where}): nothing more was read of it`
  }
  const [stray] = strays
  if (stray !== undefined) {
    return `a line that begins with no reply code (${where}): "${foreignText(stray, SHOWN_CHARS)}"`
  }
  const [extra] = unasked
  const wrong = firstOf([...replies, ...unasked], formOf)
  if (wrong !== undefined) return `${wrong} (${where})`
  return extra === undefined
    ? undefined
    : `a reply that nothing asked for (behind the one ${where}): ${foreignText(replyText(extra), SHOWN_CHARS)}`
}

function formOf({ code, codes, bareLf, longestLineBytes }: Reply): string | undefined {
  // RFC 5321 4.2.1: the code of each line has to be the same.
  if (codes.length > 1) return `the lines of a reply have different codes, ${codes.join(', ')}`
  if (bareLf) return 'a reply line ends by LF alone'
  if (longestLineBytes > MAX_REPLY_LINE_BYTES) return 'a reply line is longer than 512 octets'
  // RFC 5321 4.2: the first digit is 2 to 5, the second 0 to 5.
  return /^[2-5][0-5]\d$/.test(String(code)) ? undefined : `${code} is no reply code`
}

function firstOf<Item>(
  items: readonly Item[],
  found: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const text = found(item)
    if (text !== undefined) return text
  }
  return undefined
}
