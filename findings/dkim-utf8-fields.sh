#!/usr/bin/env bash
# mailauth 4.13.3 and haraka-plugin-dkim 1.3.1 (npm), beside nodemailer 10.6.1 (npm) and dkimpy 1.1.8 (PyPI).
# Seen on 2026-11-30.
#
# In an internationalised message (RFC 6532) header fields hold UTF-8 as it is. White space that DKIM's relaxed
# canonicalisation may take away is space and tab, nothing else (RFC 6376, sections 2.8 and 3.4.2).
#  - mailauth takes the octet A0 for white space as well. A0 ends the UTF-8 form of one letter in 64 of those of two
#    octets: the French à, Š, the Greek Π, the Cyrillic Р. A good signature over a Subject with such a letter is
#    "bad signature" to mailauth, and nobody else accepts the one that mailauth makes. Its own signer and verifier suit
#    each other, so that a test of the two together passes.
#  - Haraka's plugin drops all that JavaScript calls white space at the start of a field, such as the ideographic space
#    (U+3000) at the start of a Japanese subject.
#
# Output seen:
#   Meeting in Paris | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
#   Grüße aus Köln | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
#   Привет из Киева | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
#   Réunion à Paris | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
#   Škoda | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
#   Παρασκευή | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
#   Русский язык | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
#   U+3000 件名 | by nodemailer: dkimpy pass, mailauth pass, Haraka fail | by mailauth: dkimpy pass, mailauth pass, Haraka fail
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailauth@4.13.3 haraka-plugin-dkim@1.3.1 nodemailer@10.6.1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dkimpy==1.1.8

cat >verify.py <<'PYTHON'
import sys

import dkim

record = open('record', 'rb').read()
message = dkim.DKIM(open(sys.argv[1], 'rb').read())
print('pass' if message.verify(dnsfunc=lambda name, timeout=5: record) else 'fail')
PYTHON
cat >meet.cjs <<'NODE'
const { execFileSync } = require('node:child_process')
const { generateKeyPairSync } = require('node:crypto')
const dns = require('node:dns')
const { writeFileSync } = require('node:fs')
const { DKIMVerifyStream } = require('haraka-plugin-dkim/lib/dkim')
const { dkimSign } = require('mailauth/lib/dkim/sign')
const { dkimVerify } = require('mailauth/lib/dkim/verify')
const { createTransport } = require('nodemailer')

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const record = `v=DKIM1; k=rsa; p=${pair.publicKey.toString('base64')}`
writeFileSync('record', record)
dns.promises.resolveTxt = async () => [[record]]
console.debug = () => undefined

const signers = {
  async nodemailer(raw) {
    const dkim = { domainName: 'example.test', keySelector: 's', privateKey: pair.privateKey }
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows', dkim })
    const envelope = { from: 'a@example.test', to: ['b@example.test'] }
    return (await transport.sendMail({ envelope, raw })).message
  },
  async mailauth(raw) {
    const signatureData = [{ signingDomain: 'example.test', selector: 's', privateKey: pair.privateKey }]
    const signTime = new Date(Date.now() - 60_000)
    const { signatures } = await dkimSign(raw, { canonicalization: 'relaxed/relaxed', signTime, signatureData })
    return Buffer.concat([Buffer.from(signatures), raw])
  },
}
const verifiers = {
  async dkimpy(message) {
    writeFileSync('message.eml', message)
    return execFileSync('env/bin/python', ['verify.py', 'message.eml'], { encoding: 'utf8' }).trim()
  },
  async mailauth(message) {
    const { results } = await dkimVerify(message, { resolver: async () => [[record]] })
    return results.map(({ status }) => status.result).join(' ')
  },
  Haraka(message) {
    return new Promise((resolve) => new DKIMVerifyStream({}, (_error, result) => resolve(result)).end(message))
  },
}
const SUBJECTS = ['Meeting in Paris', 'Grüße aus Köln', 'Привет из Киева', 'Réunion à Paris', 'Škoda', 'Παρασκευή']
SUBJECTS.push('Русский язык', '\u3000件名')

async function main() {
  for (const subject of SUBJECTS) {
    const fields = `From: a@example.test\r\nTo: b@example.test\r\nSubject: ${subject}\r\nMessage-ID: <1@example.test>\r\n`
    const raw = Buffer.from(`${fields}Date: Mon, 30 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n\r\ntext\r\n`)
    const told = []
    for (const [signer, sign] of Object.entries(signers)) {
      const message = await sign(raw)
      const verdicts = []
      for (const [verifier, verify] of Object.entries(verifiers)) verdicts.push(`${verifier} ${await verify(message)}`)
      told.push(`by ${signer}: ${verdicts.join(', ')}`)
    }
    console.log(`${subject.replace('\u3000', 'U+3000 ')} | ${told.join(' | ')}`)
  }
}
main()
NODE
node meet.cjs | tee output
cat >expected <<'TEXT'
Meeting in Paris | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
Grüße aus Köln | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
Привет из Киева | by nodemailer: dkimpy pass, mailauth pass, Haraka pass | by mailauth: dkimpy pass, mailauth pass, Haraka pass
Réunion à Paris | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
Škoda | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
Παρασκευή | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
Русский язык | by nodemailer: dkimpy pass, mailauth fail, Haraka pass | by mailauth: dkimpy fail, mailauth pass, Haraka fail
U+3000 件名 | by nodemailer: dkimpy pass, mailauth pass, Haraka fail | by mailauth: dkimpy pass, mailauth pass, Haraka fail
TEXT
diff expected output
