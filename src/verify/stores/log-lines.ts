/** What a line of a mail log says of one message in the queue. */
export type LogLine = {
  /** The server's own name of the message. */
  readonly queueId: string
  /** Milliseconds since 1970. */
  readonly atMs: number | undefined
} & (
  | { readonly kind: 'named'; readonly messageId: string }
  /** Our own header, where the server was told to log it. */
  | { readonly kind: 'header'; readonly id: string }
  | {
      readonly kind: 'sent'
      readonly recipient: string
      /** Before aliases, where it is another one. */
      readonly original: string | undefined
      /** The name of the message at the next server. */
      readonly nextQueueId: string | undefined
    }
  | { readonly kind: 'deferred'; readonly recipient: string; readonly original: string | undefined }
  | {
      readonly kind: 'failed'
      readonly recipient: string
      readonly original: string | undefined
      readonly status: string | undefined
      readonly text: string
    }
  /** Given up for all recipients that still wait. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'removed' }
)

/** How a server writes its log. */
export interface LogForm {
  readonly server: string
  /** Where Debian, Red Hat and others have it; the first that is there is taken. */
  readonly paths: readonly string[]
  read(line: string, now: Date): LogLine | undefined
  /** Of the times in this line. */
  resolutionMs(line: string): number
}

const HEADER_ID = /X-Mailstorm-Id: ([\w-]+)/

/** Postfix's syslog lines: `Nov 30 12:14:30 mx postfix/smtp[99]: 29FBBA20BBF: to=<a@b.test>, …, status=sent (…)`. */
export const POSTFIX_LOG: LogForm = {
  server: 'Postfix',
  paths: ['/var/log/mail.log', '/var/log/maillog', '/var/log/mail'],
  resolutionMs: (line) => (/^\d{4}-\d\d-\d\dT[\d:]+\.\d/.test(line) ? 1 : 1_000),
  read(line, now) {
    // The queue id is hexadecimal, or with enable_long_queue_ids of 52 characters (postconf(5)).
    const [, stamp = '', program = '', queueId = '', rest = ''] =
      /^(\S+(?: {1,2}\d{1,2} [\d:]{8})?) \S+ \S*?([\w-]+)\[\d+\]: ([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}): (.*)$/.exec(
        line,
      ) ?? []
    if (queueId === '') return undefined
    const atMs = syslogTime(stamp, now)
    if (rest === 'removed') return { queueId, atMs, kind: 'removed' }
    if (program === 'cleanup') return cleanupLine(queueId, atMs, rest)
    const status = /(?:^|, )status=([a-z]+)(.*)$/.exec(rest)
    if (status === null) return undefined
    const [, name = '', text = ''] = status
    const recipient = /^to=<(.*?)>, /.exec(rest)?.[1]
    // qmgr(8) gives up a message as a whole.
    if (recipient === undefined) return name === 'expired' ? { queueId, atMs, kind: 'expired' } : undefined
    const original = /, orig_to=<(.*?)>, /.exec(rest)?.[1]
    const known = { queueId, atMs, recipient, original }
    if (name === 'sent')
      return { ...known, kind: 'sent', nextQueueId: /queued as ([0-9A-Za-z]{6,20})\)?/.exec(text)?.[1] }
    if (name === 'deferred') return { ...known, kind: 'deferred' }
    if (name !== 'bounced' && name !== 'expired') return undefined
    const dsn = /, dsn=([245]\.\d+\.\d+),/.exec(rest)?.[1]
    return { ...known, kind: 'failed', status: dsn, text: text.trim().replace(/^\((.*)\)$/s, '$1') }
  },
}

function cleanupLine(queueId: string, atMs: number | undefined, rest: string): LogLine | undefined {
  const messageId = /^message-id=<?(.*?)>?$/.exec(rest)?.[1]
  if (messageId !== undefined) return { queueId, atMs, kind: 'named', messageId }
  // header_checks with INFO (header_checks(5)).
  const id = /^info: header /.test(rest) ? HEADER_ID.exec(rest)?.[1] : undefined
  return id === undefined ? undefined : { queueId, atMs, kind: 'header', id }
}

/** Exim's main log (its specification, chapter 53): `2026-11-30 12:14:32 1xY0HA-00000A-2t => a@b.test R=… T=…`. */
export const EXIM_LOG: LogForm = {
  server: 'Exim',
  paths: [
    '/var/log/exim4/mainlog',
    '/var/log/exim/main.log',
    '/var/log/exim/mainlog',
    '/var/spool/exim/log/mainlog',
  ],
  resolutionMs: (line) => (/^\d{4}-\d\d-\d\d [\d:]{8}\.\d/.test(line) ? 1 : 1_000),
  read(line) {
    const [, stamp = '', zone = '', queueId = '', rest = ''] =
      /^(\d{4}-\d\d-\d\d [\d:]{8}(?:\.\d+)?)(?: ([+-]\d{4}))?(?: \[\d+\])? (\w{6}-\w{6,11}-\w{2,4}) (.*)$/.exec(
        line,
      ) ?? []
    if (queueId === '') return undefined
    const atMs = timeOf(`${stamp.replace(' ', 'T')}${zone.replace(/^(...)/, '$1:')}`)
    if (rest === 'Completed') return { queueId, atMs, kind: 'removed' }
    const id = HEADER_ID.exec(rest)?.[1]
    const [, mark = '', behind = ''] = /^(<=|=>|->|>>|\*\*|==) (.*)$/.exec(rest) ?? []
    if (mark === '') return id === undefined ? undefined : { queueId, atMs, kind: 'header', id }
    if (mark === '<=') {
      const messageId = / id=(\S+)/.exec(behind)?.[1]
      return messageId === undefined ? undefined : { queueId, atMs, kind: 'named', messageId }
    }
    return eximDelivery(mark, behind, { queueId, atMs })
  },
}

/** `user <user@b.test> R=local T=file`: what it was delivered as, and in brackets the address that it came for. */
function eximDelivery(
  mark: string,
  behind: string,
  known: { readonly queueId: string; readonly atMs: number | undefined },
): LogLine | undefined {
  const [, as = '', address] =
    /^(\S+)(?:.*?<([^<>]*)>)?(?=:? |$)/.exec(behind.replace(/ (?:[A-Z]{1,4}=| defer \(|: ).*$/s, '')) ?? []
  const recipient = (address ?? as).replace(/:$/, '')
  const detail = { ...known, recipient, original: undefined }
  if (mark === '==') return { ...detail, kind: 'deferred' }
  if (mark === '**') {
    const text = /: (.*)$/s.exec(behind)?.[1] ?? ''
    return { ...detail, kind: 'failed', status: /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0], text }
  }
  return {
    ...detail,
    kind: 'sent',
    nextQueueId: /C="250 [^"]*\bid=(\w{6}-\w{6,11}-\w{2,4})/.exec(behind)?.[1],
  }
}

/** RFC 3339, or `Nov 30 12:14:30` in local time (RFC 3164 4.1.2), which has no year. */
function syslogTime(stamp: string, now: Date): number | undefined {
  if (/^\d{4}-/.test(stamp)) return timeOf(stamp)
  const year = now.getFullYear()
  const atMs = timeOf(`${stamp} ${year}`)
  // A line of December that is read in January.
  return atMs !== undefined && atMs > now.getTime() + 86_400_000 ? timeOf(`${stamp} ${year - 1}`) : atMs
}

function timeOf(text: string): number | undefined {
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : atMs
}
