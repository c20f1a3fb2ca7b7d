#!/usr/bin/env bash
# nodemailer 10.6.0 (npm), read by the email package of Python 3. Seen on 2026-11-30.
#
# nodemailer knows six address fields: From, Sender, To, Cc, Bcc and Reply-To. Any other one can only be given as a
# header, and is plain text to it. With a display name in ASCII that goes well. With one other character in the name, the
# whole value becomes encoded words, the address and its angle brackets included, which RFC 2047 5 (3) forbids: no
# reader finds an address in it. No error is raised. The receipt that was asked for (Disposition-Notification-To, RFC
# 8098 2.1) goes to nobody, and a resent message names nobody that it was resent to (Resent-To, RFC 5322 3.6.6).
# Reply-To, given in the same way, is encoded as it should be: the name alone.
#
# Output seen:
#   Disposition-Notification-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
#   Disposition-Notification-To, Jörg Mayr <jorg@example.test>: address none
#   Resent-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
#   Resent-To, Jörg Mayr <jorg@example.test>: address none
#   Reply-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
#   Reply-To, Jörg Mayr <jorg@example.test>: address jorg@example.test
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nodemailer@10.6.0

cat >write.cjs <<'NODE'
const { writeFileSync } = require('node:fs')
const nodemailer = require('nodemailer')
const transport = nodemailer.createTransport({ streamTransport: true, buffer: true })
const [field, value] = process.argv.slice(2)
const mail = { from: 'a@example.test', to: 'b@example.test', text: 'x', headers: { [field]: value } }
transport.sendMail(mail).then(({ message }) => writeFileSync('message.eml', message))
NODE
cat >read.py <<'PYTHON'
import email, email.utils, sys

with open("message.eml", "rb") as file:
    value = email.message_from_binary_file(file)[sys.argv[1]]
assert value is not None
print(", ".join(address for _, address in email.utils.getaddresses([value]) if "@" in address) or "none")
PYTHON
for field in Disposition-Notification-To Resent-To Reply-To; do
  for name in Jorg Jörg; do
    value="$name Mayr <jorg@example.test>"
    node write.cjs "$field" "$value"
    echo "$field, $value: address $(python3 read.py "$field")"
  done
done | tee output
cat >expected <<'TEXT'
Disposition-Notification-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
Disposition-Notification-To, Jörg Mayr <jorg@example.test>: address none
Resent-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
Resent-To, Jörg Mayr <jorg@example.test>: address none
Reply-To, Jorg Mayr <jorg@example.test>: address jorg@example.test
Reply-To, Jörg Mayr <jorg@example.test>: address jorg@example.test
TEXT
diff expected output
