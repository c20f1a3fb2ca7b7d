import type { KnownDefect } from './hog.ts'

/** Measured with the real MailHog v1.0.1; see docs/decisions/005-sink.md. */
export const MAILHOG_DEFECTS: readonly KnownDefect[] = [
  {
    reason: 'MailHog unstuffs only CRLF followed by two dots',
    tests: [
      'takes the stuffed dot from the first line too',
      'takes one dot from every line that begins with one, whatever follows it',
    ],
  },
  {
    reason: 'MailHog takes the blank line for the end of DATA and finds no header',
    tests: ['keeps the header of a message whose body is empty'],
  },
  {
    reason: 'MailHog keeps the recipients of before',
    tests: ['forgets the recipients of an envelope when EHLO comes again'],
  },
  {
    reason: 'MailHog gives the oldest message again',
    tests: ['has nothing on the page that begins where the messages end'],
  },
  {
    reason: 'MailHog puts the file together again from a map of its fields',
    tests: ['downloads exactly the bytes that came, in their order'],
  },
  {
    reason: 'MailHog writes events concurrently into one connection',
    tests: ['sends 50 messages that come at once as 50 whole server-sent events'],
  },
  {
    reason: 'MailHog writes raw UTF-8',
    tests: ['writes non-ASCII escaped, so that no chunk can cut a character'],
  },
  {
    reason: 'MailHog needs far longer for large messages: docs/decisions/005-sink.md',
    tests: ['takes 10 MB of 76-character lines within 5 s and gives them back'],
  },
  {
    reason: 'MailHog adds fields of its own to a download',
    tests: ['takes 50 MB within 10 s and gives back the same bytes'],
  },
]
