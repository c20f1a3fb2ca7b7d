import { expect, test } from 'vitest'
import { readBounceReport } from './delivery-report.ts'

const ID = 'X-Genro-Mail-ID'

interface Parts {
  readonly kind?: '' | 'global-'
  readonly recipients: string
  readonly returned?: string
}

/** A report as servers write it (RFC 3464, RFC 6533). */
function report({
  kind = '',
  recipients,
  returned = 'X-Genro-Mail-ID: m\nMessage-ID: <m@t.test>',
}: Parts): Buffer {
  const text = `From: Mail Delivery Subsystem <mailer-daemon@mx.test>
To: <bounces@t.test>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=${kind}delivery-status; boundary=b

--b

Your message could not be delivered.

--b
Content-Type: message/${kind}delivery-status

Reporting-MTA: dns; mx.test
Arrival-Date: Sun, 29 Nov 2026 10:00:00 +0000

${recipients}

--b
Content-Type: ${kind === '' ? 'message/rfc822' : 'message/global'}

From: a@t.test
To: b@x.test
${returned}
Subject: s

Text.
--b--
`
  return Buffer.from(text.replaceAll('\n', '\r\n'))
}

const failed =
  'Final-Recipient: rfc822; b@x.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user'

test.each([
  [
    'a failure',
    failed,
    { recipient: 'b@x.test', type: 'hard', code: '5.1.1', reason: '550 5.1.1 no such user' },
  ],
  [
    'a delay',
    'Final-Recipient: rfc822; b@x.test\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Mon, 30 Nov 2026 10:00:00 +0000',
    { recipient: 'b@x.test', type: 'soft', code: '4.4.1', reason: 'delayed 4.4.1' },
  ],
  [
    'a time that is over',
    'Final-Recipient: rfc822; b@x.test\nAction: failed\nStatus: 4.4.7',
    { type: 'soft', code: '4.4.7' },
  ],
  [
    'comments, upper case, no blanks',
    'Final-Recipient:RFC822;b@x.test\nAction:FAILED (user unknown)\nStatus:5.1.1 (bad mailbox)',
    { recipient: 'b@x.test', type: 'hard', code: '5.1.1' },
  ],
  [
    'an alias',
    `Original-Recipient: rfc822; alias@x.test\n${failed}`,
    { recipient: 'alias@x.test', type: 'hard' },
  ],
  [
    'a folded reason with control characters',
    'Final-Recipient: rfc822; b@x.test\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 554 5.7.1\n blocked\u001b[31m \u202ehere',
    { code: '5.7.1', reason: expect.stringMatching(/^554 5\.7\.1 blocked *here$/) },
  ],
])('reads %s', async (_what, recipients, expected) => {
  const read = await readBounceReport(report({ recipients }), ID)
  expect(read).toMatchObject({ id: 'm', messageId: '<m@t.test>', bounces: [expected] })
})

test('reads a report for international mail (RFC 6533)', async () => {
  const recipients = 'Final-Recipient: utf-8; jürgen@x.test\nAction: failed\nStatus: 5.1.1'
  expect(await readBounceReport(report({ kind: 'global-', recipients }), ID)).toMatchObject({
    id: 'm',
    bounces: [{ recipient: 'jürgen@x.test', type: 'hard' }],
  })
})

test('takes of several recipients those that failed', async () => {
  const of = (name: string, action: string, status: string) =>
    `Final-Recipient: rfc822; ${name}@x.test\nAction: ${action}\nStatus: ${status}`
  const recipients = [
    of('a', 'delivered', '2.0.0'),
    of('b', 'failed', '5.1.1'),
    of('c', 'relayed', '2.0.0'),
    of('d', 'delayed', '4.2.0'),
  ]
  const read = await readBounceReport(report({ recipients: recipients.join('\n\n') }), ID)
  expect(read?.bounces.map(({ recipient, type }) => [recipient, type])).toEqual([
    ['b@x.test', 'hard'],
    ['d@x.test', 'soft'],
  ])
})

test('says which message only where the report does', async () => {
  expect(await readBounceReport(report({ recipients: failed, returned: 'X-Other: y' }), ID)).toMatchObject({
    id: undefined,
    messageId: undefined,
  })
})

test.each([
  'Subject: hello\r\n\r\nJust mail.\r\n',
  '',
  'Content-Type: multipart/report; boundary=b\r\n\r\n--b--\r\n',
])('takes %j for no report', async (text) => {
  expect(await readBounceReport(Buffer.from(text), ID)).toBeUndefined()
})
