import { generateKeyPairSync, hash, sign } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { dkimSign, dkimVerify } from 'mailauth'
import DKIM from 'nodemailer/lib/dkim'
import { expect, test } from 'vitest'
import { readCorpus } from './corpus.ts'
import { CorpusContent } from './corpus-content.ts'
import { folderWith } from './folder.fixture.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const KEY_RECORD = `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`

const MAIL = [
  'From: Ann <ann@example.test>',
  'To: Bob <bob@example.test>',
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
  'Date: Sat, 28 Nov 2026 10:00:00 +0000',
  'Message-ID: <1@example.test>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Gr\xc3\xbc\xc3\x9fe,  two  blanks ',
  '.',
  '..and dots',
  '>From a line that is quoted',
  '',
  '',
  '',
].join('\r\n')
const WITHOUT_ID = MAIL.replace(/Message-ID.*\r\n/, '')

/** Signed by nodemailer, relaxed/relaxed. */
async function signed(mail: string): Promise<string> {
  const signer = new DKIM({ domainName: 'example.test', keySelector: 'test', privateKey })
  return (await buffer(signer.sign(Buffer.from(mail, 'latin1')))).toString('latin1')
}

/** Signed by mailauth, octet for octet (RFC 6376 3.4.1, 3.4.3). */
async function signedSimply(mail: string): Promise<string> {
  const key = { signingDomain: 'example.test', selector: 'test', privateKey }
  const { signatures } = await dkimSign(Buffer.from(mail, 'latin1'), {
    ...key,
    signatureData: [key],
    canonicalization: 'simple/simple',
  })
  return signatures + mail
}

/**
 * Signed octet for octet by hand, as neither library names fields that are not there: `fields` may, so that nobody
 * can add one (RFC 6376 5.4.2).
 */
function oversigned(mail: string, fields: readonly string[]): string {
  const [head = '', ...rest] = mail.split('\r\n\r\n')
  const body = `${rest.join('\r\n\r\n').replace(/(\r\n)+$/, '')}\r\n`
  const present = fields.flatMap((name) => head.split('\r\n').filter((line) => line.startsWith(`${name}:`)))
  const bodyHash = hash('sha256', Buffer.from(body, 'latin1'), 'base64')
  const tags = `v=1; a=rsa-sha256; c=simple/simple; d=example.test; s=test; h=${fields.join(':')}; bh=${bodyHash}; b=`
  const input = `${present.map((line) => `${line}\r\n`).join('')}DKIM-Signature: ${tags}`
  const signature = sign('sha256', Buffer.from(input, 'latin1'), privateKey).toString('base64')
  return `DKIM-Signature: ${tags}${signature}\r\n${mail}`
}

/** What mailauth says of each message of a corpus as it is sent. */
async function verdictsOf(files: Readonly<Record<string, string>>): Promise<(string | undefined)[]> {
  const corpus = await readCorpus(folderWith(files))
  const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
  const verdicts: (string | undefined)[] = []
  for (let message = 0; message < corpus.summary.messages; message++) {
    const { results } = await dkimVerify(Buffer.concat(content.octetsOf(message)), {
      resolver: async () => [[KEY_RECORD]],
    })
    verdicts[content.rowOf(message)] = results[0]?.status.result
  }
  return verdicts
}

const lf = (text: string) => text.replaceAll('\r\n', '\n')
const FIELDS = ['From', 'To', 'Subject', 'Date', 'Message-ID']

test('a DKIM signature is valid on the way, however the file had stored the message', async () => {
  const [relaxed, simple] = [await signed(MAIL), await signedSimply(MAIL)]
  const mbox = `From a@example.test Sat Nov 28 10:00:00 2026\n${lf(relaxed).replace(/^(>*From )/gm, '>$1')}\n`
  const verdicts = await verdictsOf({
    '1.eml': relaxed,
    '2.eml': lf(relaxed),
    '3.eml': simple,
    '4.eml': lf(simple),
    '5.mbox': mbox,
    '6-without-id.eml': await signed(WITHOUT_ID),
    '7-sent-before.eml': `X-Mailstorm-Id: old-1\nX-Mailstorm-Body-Crc: 00000000\n${lf(simple)}`,
  })
  expect(verdicts).toEqual(Array(7).fill('pass'))
})

test('a signature over fields of ours breaks where the message has none of its own, as the guide says', async () => {
  const old = `X-Mailstorm-Id: old-1\r\n${MAIL}`
  const verdicts = await verdictsOf({
    '1.eml': oversigned(MAIL, FIELDS),
    '2.eml': oversigned(WITHOUT_ID, FIELDS),
    '3.eml': oversigned(MAIL, [...FIELDS, 'X-Mailstorm-Id']),
    '4.eml': oversigned(old, [...FIELDS, 'X-Mailstorm-Id']),
  })
  expect(verdicts).toEqual(['pass', 'fail', 'fail', 'fail'])
})

test('the verifier sees a body that was changed', async () => {
  const changed = (await signed(MAIL)).replace('and dots', 'and dot')
  expect(await verdictsOf({ '1.eml': changed })).toEqual(['neutral'])
})
