import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { correspondents } from '../../mail/envelopes/envelopes.ts'
import { isReservedDomain } from '../../options/address.ts'
import { readOptions } from '../../options/options.ts'
import { type MailFields, resolveMail } from './mail-spec.ts'
import { resolveSpec, type ScenarioSpec } from './spec.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailstorm-mail-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function csv(text: string): string {
  const path = join(folder, `${files++}.csv`)
  writeFileSync(path, text)
  return path
}

const BURST = {
  executor: 'shared-iterations',
  messages: 1,
  workers: 1,
  size: 'small',
  thresholds: [],
} as const
const users = csv('\ufeffemail,team,text\r\nann@example.test,a,"x\ny"\r\n"""b c""@example.test",b,z\r\n')
const strangers = csv('email\nann@example.test\nbob@company.com\n')
const broken = csv('email\nann@example.test\nnobody\n')

/** As a suite says it; every field is read from a variable as well. */
const BAD: readonly (readonly [Partial<MailFields>, Record<string, string>, string])[] = [
  [{ size: '100KB..1KB' }, { STRESS_SIZE: '100KB..1KB' }, 'ends before it begins'],
  [{ size: 'lognormal(12KB,9)' }, { STRESS_SIZE: 'lognormal(12KB,9)' }, 'has the sigma "9"'],
  [{ size: 'small:40,huge:5' }, { STRESS_SIZE: 'small:40,huge:5' }, 'has "huge", which is not a size'],
  [{ size: '10..1KB' }, { STRESS_SIZE: '10..1KB' }, 'has "10", which is too small'],
  [{ recipients: '0..10' }, { STRESS_RECIPIENTS: '0..10' }, 'has "0", which is too small'],
  [{ recipients: '1:80,1001:1' }, { STRESS_RECIPIENTS: '1:80,1001:1' }, 'has "1001", which is too large'],
  [{ sender: 'u{1..}@a.test' }, { STRESS_SENDER: 'u{1..}@a.test' }, 'has {1..}, which is none of {1..10000}'],
  [
    { sender: 'u {seq}@a.test' },
    { STRESS_SENDER: 'u {seq}@a.test' },
    'gives u 0@a.test, which is not a mail address',
  ],
  [{ recipient: '<>' }, { STRESS_RECIPIENT: '<>' }, 'is not a mail address'],
  [{ recipient: 'u@[127.0.0]' }, { STRESS_RECIPIENT: 'u@[127.0.0]' }, 'is not a mail address'],
  [{ recipient: 'u@[8.8.8.8]' }, { STRESS_RECIPIENT: 'u@[8.8.8.8]' }, 'is in [8.8.8.8], where real people'],
  [{ recipient: 'u@a.{seq}' }, { STRESS_RECIPIENT: 'u@a.{seq}' }, 'is in a.0, where real people'],
  [{ recipient: 'u{1..9}@company.com' }, { STRESS_RECIPIENT: 'u{1..9}@company.com' }, 'is in company.com'],
  [{ headers: { 'X A': 'b' } }, { STRESS_HEADERS: 'X A: b' }, 'has "X A", which is not the name of a header'],
  [
    { headers: { 'Content-Type': 'b' } },
    { STRESS_HEADERS: 'Content-Type: b' },
    'which the message itself needs',
  ],
  [
    { headers: { 'X-A': 'b\r\nBcc: x' } },
    { STRESS_HEADERS: 'X-A: b\r\nBcc: x' },
    'is not printable ASCII on one line',
  ],
  [{ headers: { 'X-A': '{x}' } }, { STRESS_HEADERS: 'X-A: {x}' }, 'has {x}, which is none of'],
  [{ dsn: 'sometimes' }, { STRESS_DSN: 'sometimes' }, 'has "sometimes", which is not known'],
  [{ dsn: 'never,delay' }, { STRESS_DSN: 'never,delay' }, 'says never beside what to tell of'],
  [{ dsn: 'full' }, { STRESS_DSN: 'full' }, 'does not say what to tell of'],
]

describe('mail that makes no sense', () => {
  it.each(BAD)('%o is refused, in a suite and as %o', (fields, env, why) => {
    expect(() => resolveSpec({ ...BURST, ...fields } as ScenarioSpec)).toThrow(why)
    expect(() => readOptions(env)).toThrow(why)
  })

  it.each<[Partial<MailFields>, string]>([
    [{ recipient: `{pick:${users}:mail}` }, 'there is no column mail; it has email, team, text'],
    [{ recipient: `{pick:${folder}/none.csv:email}` }, 'none.csv: no such file'],
    [{ recipient: `{pick:${strangers}:email}` }, 'is in company.com, where real people may get the mail'],
    [
      { recipient: `{pick:${broken}:email}` },
      'gives "nobody", which is not a mail address. Correct the file',
    ],
    [{ recipient: `a@{pick:${users}:team}{pick:${broken}:email}` }, 'picks its domain from two files'],
    [{ headers: { 'X-A': `{pick:${users}:text}` } }, 'a value of it is not printable ASCII on one line'],
    [
      { recipient: 'u{1..5}@a.test', recipients: 6 },
      'makes 5 different addresses, and a message has up to 6',
    ],
    [
      { size: 512, headers: { 'X-A': 'long '.repeat(40).trim() } },
      'a message of 512 bytes has no room for its header',
    ],
  ])('%o is refused before anything is booted', (fields, why) => {
    expect(() => resolveSpec({ ...BURST, ...fields } as ScenarioSpec)).toThrow(why)
  })
})

describe('mail that makes sense', () => {
  it('is the same from a variable as from a suite', () => {
    const env = {
      STRESS_SIZE: ' 1KB .. 2KB ',
      STRESS_SENDER: '<>',
      STRESS_RECIPIENT: `{pick:${users}:email}`,
      STRESS_RECIPIENTS: '1:80,2:20',
      STRESS_HEADERS: 'X-Tenant: a;b; List-Id: <x.test>',
      STRESS_DSN: 'Success, full',
    }
    const fields = {
      size: '1KB..2KB',
      sender: '<>',
      recipient: `{pick:${users}:email}`,
      recipients: '1:80,2:20',
      headers: { 'X-Tenant': 'a;b', 'List-Id': '<x.test>' },
      dsn: 'success,full',
    } as const
    const { custom } = readOptions(env)
    expect(custom).toMatchObject(fields)
    const mail = resolveMail(fields, false)
    expect(mail).toMatchObject({
      sizeBytes: { kind: 'uniform', least: 1024, most: 2048 },
      sender: '',
      dsn: { notify: ['SUCCESS'], ret: 'FULL' },
    })
    const seen = new Set<string>()
    for (let message = 0; message < 100; message++)
      for (const recipient of correspondents({ ...mail, seed: 1 })(message).recipients) seen.add(recipient)
    expect(seen).toEqual(new Set(['ann@example.test', '"b c"@example.test']))
  })

  it('keeps the numbers behind one address', () => {
    expect(resolveMail({ size: 'small', recipient: 'a@b.test', recipients: 2 }, false).recipients).toEqual([
      'a+1@b.test',
      'a+2@b.test',
    ])
  })

  it.each([
    ['mailpit:http://127.0.0.1:8025', ['a1@b.test', 'a2@b.test']],
    ['inbucket:http://127.0.0.1:9000', ['a1@b.test', 'a2@b.test']],
    ['mailhog:http://127.0.0.1:8025', ['a+1@b.test', 'a+2@b.test']],
    ['sink:2525', ['a+1@b.test', 'a+2@b.test']],
  ])('numbers without + for a store that makes a tag or one mailbox of it: %s', (verify, recipients) => {
    const fixed = resolveMail({ size: 'small', recipient: 'a@b.test', recipients: 2, verify }, false)
    expect(fixed.recipients).toEqual(recipients)
    const spread = resolveMail({ size: 'small', recipient: 'a@b.test', recipients: '2..2', verify }, false)
    expect(correspondents({ ...spread, seed: 1 })(0).recipients).toEqual(recipients)
  })

  it('has no lognormal size that leaves no room for its header', () => {
    const headers = { 'X-A': 'long '.repeat(100).trim() }
    const { sizeBytes } = resolveMail({ size: 'lognormal(1KB,2)', headers }, false)
    expect(sizeBytes).toMatchObject({ kind: 'lognormal', least: expect.closeTo(960, -2) })
  })

  it('is within the fence whatever a pattern makes of its domain, or it is refused', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'a',
        '.',
        'example',
        'test',
        'com',
        'xample.com',
        '{1..20}',
        '{seq}',
        '{uuid}',
        '-',
        'e',
      ),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(pieces, fc.nat({ max: 1000 }), fc.integer(), (parts, message, seed) => {
        const recipient = `u@${parts.join('')}`
        let mail: ReturnType<typeof resolveMail>
        try {
          mail = resolveMail({ size: 'small', recipient }, false)
        } catch {
          return
        }
        const [made = ''] = correspondents({ ...mail, seed })(message).recipients
        expect(isReservedDomain(made.slice(made.lastIndexOf('@') + 1)), made).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
