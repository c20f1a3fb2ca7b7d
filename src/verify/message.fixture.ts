import { crc32 } from 'node:zlib'
import { BODY_CRC_HEADER, ID_HEADER } from '../ledger/ledger.ts'

export interface TestMail {
  readonly runId: string
  readonly number: number
  readonly recipient?: string
  readonly body?: string
  /** Of the body that stands in the header, where it is to differ. */
  readonly crcOf?: string
  readonly encoding?: string
}

export const TEST_BODY = 'First line\r\n\r\n.second\r\nFrom the third on\r\n>From quoted\r\nf\u00fcnf\r\n'

/** A message as a run sends it, with a header of a relay above. */
export function testMail({
  runId,
  number,
  recipient,
  body = TEST_BODY,
  crcOf = body,
  encoding = '8bit',
}: TestMail): Buffer {
  const id = testId(runId, number)
  const crc = crc32(Buffer.from(crcOf)).toString(16).padStart(8, '0')
  const header = [
    'Received: from client.test by relay.test; Mon, 30 Nov 2026 12:00:00 +0000',
    'From: <sender@example.test>',
    `To: <${recipient ?? 'someone@example.test'}>`,
    `Message-ID: <${id}@mailstorm.test>`,
    `${ID_HEADER}: ${id}`,
    `${BODY_CRC_HEADER}: ${crc}`,
    'Subject: mailstorm load test message',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${encoding}`,
  ]
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`)
}

export function testId(runId: string, number: number): string {
  return `${runId}-${String(number).padStart(10, '0')}`
}

/** A report of a delivery that failed, as Postfix writes it (RFC 3464). */
export function testBounce({ runId, number, recipient = 'gone@example.test' }: TestMail): Buffer {
  const text = `From: MAILER-DAEMON@relay.test (Mail Delivery System)
To: <sender@example.test>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="B.1/relay.test"

This is a MIME-encapsulated message.

--B.1/relay.test
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B.1/relay.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test
Arrival-Date: Mon, 30 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; ${recipient}
Original-Recipient: rfc822;${recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; next.test
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B.1/relay.test
Content-Type: message/rfc822

${testMail({ runId, number, recipient, body: 'returned\r\n' }).toString().replaceAll('\r\n', '\n')}
--B.1/relay.test--
`
  return Buffer.from(text.replaceAll('\n', '\r\n'))
}
