/** The commands of one envelope. */
export interface Envelope {
  readonly mail: string
  readonly rcpt: readonly string[]
  /** MAIL, RCPT and DATA in one write (RFC 2920 3.1). */
  readonly whole: string
  /** Replies to MAIL, each RCPT and DATA. */
  readonly replies: number
}

/** `SIZE=` only where the server offers it (RFC 1870 6.1), as other parameters of MAIL: ` BODY=8BITMIME`. */
export function envelopeFor(
  sender: string,
  recipients: readonly string[],
  sizeBytes: number | undefined,
  parameters = '',
): Envelope {
  const size = sizeBytes === undefined ? '' : ` SIZE=${sizeBytes}`
  const mail = `MAIL FROM:<${sender}>${size}${parameters}\r\n`
  const rcpt = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`)
  return { mail, rcpt, whole: `${mail}${rcpt.join('')}DATA\r\n`, replies: rcpt.length + 2 }
}
