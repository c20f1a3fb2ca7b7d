import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Distribution } from './distribution.ts'
import { readPattern } from './envelopes/pattern.ts'
import { filled } from './envelopes/pick-table.ts'
import { type Mail, type MailPlan, mailOf, mostBytes } from './mail.ts'

const PLAN: MailPlan = {
  runId: 'run7',
  seed: 3,
  dateMs: 0,
  sizeBytes: 2_000,
  sender: 'a@example.com',
  recipients: ['b@example.com'],
}

function pattern(text: string) {
  const read = readPattern(text)
  if ('wrong' in read) throw new Error(read.wrong)
  return filled(read.value)
}

const sizes = fc.oneof(
  fc.integer({ min: 1_000, max: 100_000 }),
  fc.constantFrom<Distribution>(
    { kind: 'uniform', least: 1_024, most: 102_400 },
    { kind: 'lognormal', median: 12_288, sigma: 1.5, least: 1_000 },
    { kind: 'weights', values: [1_024, 3_000_000], weights: [9, 1] },
  ),
)
const counts = fc.constantFrom<number | Distribution>(1, 7, { kind: 'uniform', least: 1, most: 10 })
const patterns = fc.constantFrom(
  'a@example.com',
  'u{1..10}@x.test',
  '{uuid}@x.test',
  '"{seq} q"@[127.0.0.1]',
  'ü{1..99}@x.test',
)
const plans: fc.Arbitrary<MailPlan> = fc
  .record({ seed: fc.integer(), sizeBytes: sizes, sender: patterns, recipient: patterns, count: counts })
  .map(({ seed, sizeBytes, sender, recipient, count }) => ({
    ...PLAN,
    ...{ seed, sizeBytes, sender: pattern(sender), recipients: { pattern: pattern(recipient), count } },
    headers: [{ name: 'X-Tenant', value: pattern('t{1..5} {seq}') }],
  }))

/** As it reaches a sender thread. */
function elsewhere(plan: MailPlan): MailPlan {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(plan)
  const received = receiveMessageOnPort(port2)?.message
  port1.close()
  return received
}

const octets = (mail: Mail, message: number) => Buffer.concat(mail.octetsOf(message)).toString('latin1')

describe('message n', () => {
  it('is the same on every thread, in any order', () => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (plan, messages) => {
        const [here, there] = [mailOf(plan), mailOf(elsewhere(plan))]
        const told = (mail: Mail, message: number) => ({
          envelope: mail.envelopeOf(message),
          size: mail.sizeOf(message),
          octets: octets(mail, message),
        })
        const expected = messages.map((message) => told(here, message))
        expect(messages.toReversed().map((message) => told(there, message))).toEqual(expected.toReversed())
      }),
      { numRuns: 60 },
    )
  })

  it('is as large as it says, with the CRC of its body, and no two of its recipients are equal', () => {
    fc.assert(
      fc.property(plans, fc.nat(), (plan, message) => {
        const mail = mailOf(plan)
        const text = octets(mail, message)
        expect(text.length).toBe(mail.sizeOf(message))
        expect(text.length).toBeLessThanOrEqual(mostBytes(plan))
        const body = text.slice(text.indexOf('\r\n\r\n') + 4)
        const crc = /^X-Mailstorm-Body-Crc: (\S+)\r$/m.exec(text)?.[1]
        expect(crc).toBe(crc32(Buffer.from(body, 'latin1')).toString(16).padStart(8, '0'))
        expect(text).toMatch(/^X-Tenant: t[1-5] \d+\r$/m)
        const { recipients, sender, smtpUtf8 } = mail.envelopeOf(message)
        expect(new Set(recipients).size).toBe(recipients.length)
        expect(smtpUtf8).toBe([sender, ...recipients].some((address) => address.includes('ü')))
      }),
      { numRuns: 100 },
    )
  })

  it('numbers its recipients where a pattern has one address for all of them', () => {
    const recipients = { pattern: pattern('"q {seq}"@x.test'), count: 3 }
    expect(mailOf({ ...PLAN, recipients }).envelopeOf(4).recipients).toEqual([
      '"q 4+1"@x.test',
      '"q 4+2"@x.test',
      '"q 4+3"@x.test',
    ])
  })

  it('is patched in place where all are alike, with headers in place of ours and folded', () => {
    const value = pattern(`a${' long word'.repeat(12)}`)
    const mail = mailOf({ ...PLAN, sender: '', headers: [{ name: 'subject', value }] })
    const text = octets(mail, 3)
    expect(mail.template).toBeDefined()
    expect(text.length).toBe(2_000)
    expect(text.startsWith('From: <MAILER-DAEMON@mailstorm.test>\r\n')).toBe(true)
    expect(text.match(/^subject:/gim)).toHaveLength(1)
    const header = text.slice(0, text.indexOf('\r\n\r\n'))
    expect(header.split('\r\n').every((line) => line.length <= 78)).toBe(true)
    expect(header.replaceAll('\r\n ', ' ')).toContain(`\r\nsubject: ${value.text}`)
  })
})
