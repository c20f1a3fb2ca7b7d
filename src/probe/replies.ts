import type { Question } from './check.ts'
import type { ProbeRow } from './report.ts'
import type { Reply, Talk } from './talk.ts'

export const REPLIES: Question = {
  id: 'replies',
  title: 'Form of its replies',
  rfc: 'RFC 5321 4.2, 4.5.3.1.5',
}

/** RFC 5321 4.5.3.1.5: a reply line with its code and CRLF. */
const MAX_REPLY_LINE_BYTES = 512

/** Over everything that a server said in all conversations: form and length of its replies. Pure. */
export function repliesRow(talks: readonly Talk[]): ProbeRow {
  const replies = talks.flatMap(({ exchanges }) => exchanges.flatMap((exchange) => exchange.replies))
  const longest = replies.reduce((most, { longestLineBytes }) => Math.max(most, longestLineBytes), 0)
  const wrong = whatIsWrong(replies, longest)
  return {
    ...REPLIES,
    sent: 'all of this probe',
    came: `${replies.length} replies, longest line ${longest} octets`,
    verdict: wrong === undefined ? 'conforms' : 'deviates',
    note: wrong ?? '',
  }
}

function whatIsWrong(replies: readonly Reply[], longest: number): string | undefined {
  if (replies.some(({ bareLf }) => bareLf)) return 'a reply line ends by LF alone'
  if (longest > MAX_REPLY_LINE_BYTES) return 'a reply line is longer than 512 octets'
  // RFC 5321 4.2: the first digit is 2 to 5, the second 0 to 5.
  const odd = replies.find(({ code }) => !/^[2-5][0-5]\d$/.test(String(code)))
  return odd === undefined ? undefined : `${odd.code} is no reply code`
}
