#!/usr/bin/env bash
# postal-mime 4.0.0 and letterparser 0.1.8 (npm), beside mailparser 3.14.2. Seen on 2026-11-30.
#
# An attachment of "a,b CRLF c,d", sent as 7bit, as quoted-printable and as base64 (RFC 2045 6). The line end before a
# boundary belongs to the boundary (RFC 2046 5.1.1), and those inside the part to the part. postal-mime makes LF of them
# in the first two and puts one more at the end; letterparser makes LF of them. So the digest of an attached file, or
# the signature of an attached message, depends on the encoding that its sender chose.
#
# Output seen:
#   7bit: mailparser "a,b\r\nc,d", postal-mime "a,b\nc,d\n", letterparser "a,b\nc,d"
#   quoted-printable: mailparser "a,b\r\nc,d", postal-mime "a,b\nc,d\n", letterparser "a,b\nc,d"
#   base64: mailparser "a,b\r\nc,d", postal-mime "a,b\r\nc,d", letterparser "a,b\r\nc,d"
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 postal-mime@4.0.0 letterparser@0.1.8

cat >read.cjs <<'NODE'
const { simpleParser } = require('mailparser')
const letterparser = require('letterparser')

const message = (encoding, data) =>
  Buffer.from(
    [
      'From: a@example.test',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'text',
      '--b',
      'Content-Type: text/csv',
      'Content-Disposition: attachment; filename=a.csv',
      `Content-Transfer-Encoding: ${encoding}`,
      '',
      data,
      '--b--',
      '',
    ].join('\r\n'),
  )
const shown = (octets) => JSON.stringify(Buffer.from(octets).toString())

async function main() {
  const { default: PostalMime } = await import('postal-mime')
  const file = 'a,b\r\nc,d'
  for (const [encoding, data] of [['7bit', file], ['quoted-printable', file], ['base64', Buffer.from(file).toString('base64')]]) {
    const octets = message(encoding, data)
    const ofMailparser = (await simpleParser(octets)).attachments[0].content
    const ofPostalMime = (await PostalMime.parse(octets)).attachments[0].content
    const ofLetterparser = letterparser.extract(octets.toString()).attachments[0].body
    console.log(
      `${encoding}: mailparser ${shown(ofMailparser)}, postal-mime ${shown(ofPostalMime)}, letterparser ${shown(ofLetterparser)}`,
    )
  }
}
main()
NODE
node read.cjs | tee output
cat >expected <<'TEXT'
7bit: mailparser "a,b\r\nc,d", postal-mime "a,b\nc,d\n", letterparser "a,b\nc,d"
quoted-printable: mailparser "a,b\r\nc,d", postal-mime "a,b\nc,d\n", letterparser "a,b\nc,d"
base64: mailparser "a,b\r\nc,d", postal-mime "a,b\r\nc,d", letterparser "a,b\r\nc,d"
TEXT
diff expected output
