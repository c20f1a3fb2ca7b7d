#!/usr/bin/env bash
# haraka-plugin-dkim 1.3.1 and dkim-signer 0.2.2 (npm), beside nodemailer 10.6.1 (npm), dkimpy 1.1.8 (PyPI).
# Seen on 2026-11-30.
#
# A message without a body is valid, and common: "unsubscribe" by mail, a subject and nothing else, probes of monitors.
# To DKIM an empty body is one CRLF in the simple canonicalisation, and nothing in the relaxed one, and so is a body of
# blank lines (RFC 6376, sections 3.4.3 and 3.4.4). Most signers use relaxed for the body.
#  - Haraka's plugin hashes one CRLF in both cases: whatever others signed comes out as "body hash did not verify".
#  - dkim-signer, once a part of mailcomposer, hashes one CRLF for blank lines, and the whole message, header section
#    included, where there is no body: its signature holds nowhere.
# On blank lines the two suit each other, and nobody else.
#
# Output seen:
#   text, nodemailer: dkimpy pass, Haraka pass
#   text, dkim-signer: dkimpy pass, Haraka pass
#   blank line, nodemailer: dkimpy pass, Haraka fail (body hash did not verify)
#   blank line, dkim-signer: dkimpy fail (body hash), Haraka pass
#   no body, nodemailer: dkimpy pass, Haraka fail (body hash did not verify)
#   no body, dkim-signer: dkimpy fail (body hash), Haraka fail (body hash did not verify)
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund haraka-plugin-dkim@1.3.1 dkim-signer@0.2.2 nodemailer@10.6.1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dkimpy==1.1.8

cat >verify.py <<'PYTHON'
import sys

import dkim

record = open('record', 'rb').read()
try:
    good = dkim.DKIM(open(sys.argv[1], 'rb').read()).verify(dnsfunc=lambda name, timeout=5: record)
    print('pass' if good else 'fail')
except dkim.ValidationError as error:
    print('fail (body hash)' if str(error).startswith('body hash mismatch') else error)
PYTHON
cat >meet.cjs <<'NODE'
const { execFileSync } = require('node:child_process')
const { generateKeyPairSync } = require('node:crypto')
const dns = require('node:dns')
const { writeFileSync } = require('node:fs')
const { DKIMSign } = require('dkim-signer')
const { DKIMVerifyStream } = require('haraka-plugin-dkim/lib/dkim')
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

const dkim = { domainName: 'example.test', keySelector: 's', privateKey: pair.privateKey }
const signers = {
  async nodemailer(raw) {
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows', dkim })
    const envelope = { from: 'a@example.test', to: ['b@example.test'] }
    return (await transport.sendMail({ envelope, raw })).message.toString()
  },
  'dkim-signer': (raw) => `${DKIMSign(raw, dkim)}\r\n${raw}`,
}
function haraka(message) {
  return new Promise((resolve) => {
    const told = (_error, result, [{ error }]) => resolve(result + (error ? ` (${error})` : ''))
    new DKIMVerifyStream({}, told).end(Buffer.from(message))
  })
}

async function main() {
  const header = 'From: a@example.test\r\nTo: b@example.test\r\nSubject: unsubscribe\r\nMIME-Version: 1.0\r\n'
  for (const [name, body] of [['text', 'text\r\n'], ['blank line', '\r\n'], ['no body', '']]) {
    for (const [signer, sign] of Object.entries(signers)) {
      const message = await sign(`${header}\r\n${body}`)
      writeFileSync('message.eml', message)
      const dkimpy = execFileSync('env/bin/python', ['verify.py', 'message.eml'], { encoding: 'utf8' }).trim()
      console.log(`${name}, ${signer}: dkimpy ${dkimpy}, Haraka ${await haraka(message)}`)
    }
  }
}
main()
NODE
node meet.cjs | tee output
cat >expected <<'TEXT'
text, nodemailer: dkimpy pass, Haraka pass
text, dkim-signer: dkimpy pass, Haraka pass
blank line, nodemailer: dkimpy pass, Haraka fail (body hash did not verify)
blank line, dkim-signer: dkimpy fail (body hash), Haraka pass
no body, nodemailer: dkimpy pass, Haraka fail (body hash did not verify)
no body, dkim-signer: dkimpy fail (body hash), Haraka fail (body hash did not verify)
TEXT
diff expected output
