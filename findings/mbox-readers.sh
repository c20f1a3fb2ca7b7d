#!/usr/bin/env bash
# mailbox of Python 3.11.7, node-mbox 2.0.0 and mbox-reader 1.2.0 (npm). Seen on 2026-11-30.
#
# A message in an mboxrd file, whose lines ">From" and ">>From" were "From" and ">From" before they were put there:
#  - Python's mailbox and node-mbox hand both out as they stand in the file, so that a message whose line begins with
#    "From " is changed by the way through the file, its digests and signatures with it;
#  - Python does so even with a file that its own mailbox has written: it adds the ">" and does not take it away again,
#    and a line that was ">From" before cannot be told from it;
#  - mbox-reader takes them away, but also the end of the last line.
#
# Output seen:
#   mailbox: '>From the start\n>>From twice\nlast\n'
#   node-mbox: ">From the start\n>>From twice\nlast\n\n"
#   mbox-reader: "From the start\n>From twice\nlast"
#   written and read again by mailbox: '>From a\n>From b\n' was 'From a\n>From b\n'
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-mbox@2.0.0 mbox-reader@1.2.0

cat >one.mbox <<'MBOX'
From a@example.test Mon Nov 30 12:00:00 2026
From: a@example.test
Subject: one

>From the start
>>From twice
last

MBOX

cat >read.py <<'PYTHON'
import mailbox

print('mailbox:', repr(mailbox.mbox('one.mbox')[0].get_payload()))
PYTHON
cat >read.cjs <<'NODE'
const { createReadStream } = require('node:fs')
const { MboxStream } = require('node-mbox')
const bodyOf = (octets) => JSON.stringify(octets.toString().split('\n\n').slice(1).join('\n\n'))

async function main() {
  for await (const message of MboxStream(createReadStream('one.mbox'))) console.log(`node-mbox: ${bodyOf(message)}`)
  const { mboxReader } = await import('mbox-reader')
  for await (const { content } of mboxReader(createReadStream('one.mbox'))) console.log(`mbox-reader: ${bodyOf(content)}`)
}
main()
NODE
cat >again.py <<'PYTHON'
import mailbox

body = 'From a\n>From b\n'
message = mailbox.mboxMessage()
message['Subject'] = 'two'
message.set_payload(body)
box = mailbox.mbox('two.mbox')
box.add(message)
box.flush()
print('written and read again by mailbox:', repr(mailbox.mbox('two.mbox')[0].get_payload()), 'was', repr(body))
PYTHON
{ python3 read.py; node read.cjs; python3 again.py; } | tee output
cat >expected <<'TEXT'
mailbox: '>From the start\n>>From twice\nlast\n'
node-mbox: ">From the start\n>>From twice\nlast\n\n"
mbox-reader: "From the start\n>From twice\nlast"
written and read again by mailbox: '>From a\n>From b\n' was 'From a\n>From b\n'
TEXT
diff expected output
