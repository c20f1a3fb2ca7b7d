#!/usr/bin/env bash
# mailauth 4.13.3 and haraka-plugin-dkim 1.3.1 (npm). Seen on 2026-11-30.
#
# The README of mailauth says of signTime, the time that t= of a signature tells, that it defaults to the current time.
# Left out, that time is
#  - taken twice, for what is signed and for what is written, with the RSA operation between the two: where the second
#    changes meanwhile, the signature holds nowhere, and nothing is reported. Seen for 6 of 1,500 messages in a row with
#    a key of 2048 bits; the longer the key and the busier the machine, the more;
#  - rounded to the next second in the second half of each, instead of cut. Haraka's plugin, by default, takes no t=
#    that lies ahead of its clock (RFC 6376, section 3.5, lets it; its allowed_time_skew is unset), so of the messages
#    that arrive at once it refuses every second one, with both clocks exact.
# With signTime: new Date() neither is seen. A load test meets both; a test with one message hardly does.
#
# Output seen:
#   at 0.1 s of a second, no signTime: mailauth pass, Haraka pass
#   at 0.7 s of a second, no signTime: mailauth pass, Haraka invalid (creation date is invalid or in the future)
#   at 0.7 s of a second, with signTime: mailauth pass, Haraka pass
#   across 0.5 s of a second, no signTime: mailauth fail (bad signature), within 60 messages
#   across 0.5 s of a second, with signTime: none fails of 15 messages
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailauth@4.13.3 haraka-plugin-dkim@1.3.1

cat >meet.cjs <<'NODE'
const { generateKeyPairSync } = require('node:crypto')
const dns = require('node:dns')
const { setTimeout: sleep } = require('node:timers/promises')
const { DKIMVerifyStream } = require('haraka-plugin-dkim/lib/dkim')
const { dkimSign } = require('mailauth/lib/dkim/sign')
const { dkimVerify } = require('mailauth/lib/dkim/verify')

const pair = generateKeyPairSync('rsa', {
  modulusLength: 4096,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const record = `v=DKIM1; k=rsa; p=${pair.publicKey.toString('base64')}`
dns.promises.resolveTxt = async () => [[record]]
console.debug = () => undefined

const raw = Buffer.from('From: a@example.test\r\nTo: b@example.test\r\nSubject: time\r\n\r\ntext\r\n')
const signatureData = [{ signingDomain: 'example.test', selector: 's', privateKey: pair.privateKey }]
async function signed(options) {
  const { signatures } = await dkimSign(raw, { canonicalization: 'relaxed/relaxed', signatureData, ...options })
  return Buffer.concat([Buffer.from(signatures), raw])
}
async function mailauth(message) {
  const { results } = await dkimVerify(message, { resolver: async () => [[record]] })
  const { result, comment } = results[0].status
  return result + (comment ? ` (${comment})` : '')
}
function haraka(message) {
  return new Promise((resolve) => {
    const told = (_error, result, [{ error }]) => resolve(result + (error ? ` (${error})` : ''))
    new DKIMVerifyStream({}, told).end(message)
  })
}
/** Waits for this millisecond of a second: asleep first, the last part in a loop, to be exact. */
async function at(millisecond) {
  await sleep((2000 + millisecond - 15 - (Date.now() % 1000)) % 1000)
  while ((Date.now() % 1000) - millisecond < 0 || (Date.now() % 1000) - millisecond > 20);
}

async function main() {
  await signed({})
  for (const [millisecond, withTime] of [[100, false], [700, false], [700, true]]) {
    await at(millisecond)
    const message = await signed(withTime ? { signTime: new Date() } : {})
    const verdicts = `Haraka ${await haraka(message)}`
    const when = `at ${millisecond / 1000} s of a second, ${withTime ? 'with' : 'no'} signTime`
    console.log(`${when}: mailauth ${await mailauth(message)}, ${verdicts}`)
  }
  for (let n = 1; n <= 60; n++) {
    await at(499 - (n % 8))
    const verdict = await mailauth(await signed({}))
    if (verdict === 'pass') continue
    console.log(`across 0.5 s of a second, no signTime: mailauth ${verdict}, within 60 messages`)
    break
  }
  let failed = 0
  for (let n = 1; n <= 15; n++) {
    await at(499 - (n % 8))
    if ((await mailauth(await signed({ signTime: new Date() }))) !== 'pass') failed++
  }
  console.log(`across 0.5 s of a second, with signTime: ${failed || 'none'} fails of 15 messages`)
}
main()
NODE
node meet.cjs | tee output
cat >expected <<'TEXT'
at 0.1 s of a second, no signTime: mailauth pass, Haraka pass
at 0.7 s of a second, no signTime: mailauth pass, Haraka invalid (creation date is invalid or in the future)
at 0.7 s of a second, with signTime: mailauth pass, Haraka pass
across 0.5 s of a second, no signTime: mailauth fail (bad signature), within 60 messages
across 0.5 s of a second, with signTime: none fails of 15 messages
TEXT
diff expected output
