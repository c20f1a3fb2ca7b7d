#!/usr/bin/env bash
# eml_parser 4.4.0, mail-parser 4.8.0 and email of Python 3 (PyPI); mailparser 3.14.2, postal-mime 4.0.0, letterparser
# 0.1.8 (npm). Seen on 2026-11-30 with Node 20.20.2 and Python 3.11.7.
#
# Two dates that RFC 5322 allows, read by six libraries:
#  - a leap second, 23:59:60 (section 3.3 names it): eml_parser answers 1970, email has no datetime for it, and the
#    three npm libraries answer a minute early, because JavaScript's Date drops seconds that it does not know;
#    mail-parser alone answers the second after 23:59:59.
#  - a year of three digits, to which 1900 is to be added (section 4.3), as programs of the year 2000 wrote it: all but
#    mail-parser answer the year 126.
#
# Output seen:
#   leap: mailparser 2016-12-31T23:59:00.000Z
#   leap: postal-mime 2016-12-31T23:59:00.000Z
#   leap: letterparser 2016-12-31T23:59:00.000Z
#   leap: email None
#   leap: mail-parser 2017-01-01 00:00:00+00:00
#   leap: eml_parser 1970-01-01 00:00:00+00:00
#   three: mailparser 0126-11-30T12:00:00.000Z
#   three: postal-mime 0126-11-30T12:00:00.000Z
#   three: letterparser 0126-11-30T12:00:00.000Z
#   three: email 0126-11-30 12:00:00+00:00
#   three: mail-parser 2026-11-30 12:00:00+00:00
#   three: eml_parser 0126-11-30 12:00:00+00:00
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 postal-mime@4.0.0 letterparser@0.1.8
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mail-parser==4.8.0 eml_parser==4.4.0

printf 'From: a@example.test\r\nDate: Sat, 31 Dec 2016 23:59:60 +0000\r\n\r\nx\r\n' >leap.eml
printf 'From: a@example.test\r\nDate: Mon, 30 Nov 126 12:00:00 +0000\r\n\r\nx\r\n' >three.eml

cat >read.cjs <<'NODE'
const { readFileSync } = require('node:fs')
const { simpleParser } = require('mailparser')
const letterparser = require('letterparser')

async function main() {
  const { default: PostalMime } = await import('postal-mime')
  const name = process.argv[2]
  const octets = readFileSync(`${name}.eml`)
  console.log(`${name}: mailparser ${(await simpleParser(octets)).date.toISOString()}`)
  console.log(`${name}: postal-mime ${(await PostalMime.parse(octets)).date}`)
  console.log(`${name}: letterparser ${letterparser.extract(octets.toString()).date.toISOString()}`)
}
main()
NODE
cat >read.py <<'PYTHON'
import email, email.policy, sys
import eml_parser, mailparser

name = sys.argv[1]
octets = open(f'{name}.eml', 'rb').read()
print(f"{name}: email {email.message_from_bytes(octets, policy=email.policy.default)['date'].datetime}")
print(f'{name}: mail-parser {mailparser.parse_from_bytes(octets).date}')
print(f"{name}: eml_parser {eml_parser.EmlParser().decode_email_bytes(octets)['header']['date']}")
PYTHON
for name in leap three; do
  node read.cjs $name
  env/bin/python read.py $name
done | tee output
cat >expected <<'TEXT'
leap: mailparser 2016-12-31T23:59:00.000Z
leap: postal-mime 2016-12-31T23:59:00.000Z
leap: letterparser 2016-12-31T23:59:00.000Z
leap: email None
leap: mail-parser 2017-01-01 00:00:00+00:00
leap: eml_parser 1970-01-01 00:00:00+00:00
three: mailparser 0126-11-30T12:00:00.000Z
three: postal-mime 0126-11-30T12:00:00.000Z
three: letterparser 0126-11-30T12:00:00.000Z
three: email 0126-11-30 12:00:00+00:00
three: mail-parser 2026-11-30 12:00:00+00:00
three: eml_parser 0126-11-30 12:00:00+00:00
TEXT
diff expected output
