#!/usr/bin/env bash
# mailparser 3.14.2, postal-mime 4.0.0, letterparser 0.1.8 (npm) and flanker 0.9.11 (PyPI). Seen on 2026-11-30.
#
# The example messages of RFC 5322, Appendix A, which a reader must accept (section 4), read by four libraries:
#  - A.6.3, white space before the colons and comments inside Date: mailparser tells no sender, and as
#    the date the time at which it reads the message, so that old mail seems to be new; letterparser tells nothing.
#  - A.5, comments in addresses: postal-mime makes "Pete(A nice \) chap)" the name "Pete chap)", and leaves the comments
#    inside the address; "Hidden recipients:(nobody(that I know));" becomes a group of one recipient, named ")".
#  - A.6.1, "jdoe@test   . example": mailparser and postal-mime tell jdoe@test, another domain.
#  - A.1.3, a group of three recipients: flanker tells none of them.
#
# Output seen:
#   A.6.3 mailparser: from undefined, subject Saying Hello, date is now: true
#   A.6.3 letterparser: from undefined, subject undefined, date undefined
#   A.5 postal-mime: from "Pete chap)" <pete(his account)@silly.test(his host)>, cc group of 1: ")"
#   A.6.1 mailparser: to mary@example.net jdoe@test
#   A.6.1 postal-mime: to @node.test:mary@example.net jdoe@test
#   A.1.3 flanker: to 0 addresses
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 postal-mime@4.0.0 letterparser@0.1.8
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check flanker==0.9.11 'setuptools<81'

cat >a13.eml <<'MAIL'
From: Pete <pete@silly.example>
To: A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;
Cc: Undisclosed recipients:;
Date: Thu, 13 Feb 1969 23:32:54 -0330
Message-ID: <testabcd.1234@silly.example>

Testing.
MAIL
cat >a5.eml <<'MAIL'
From: Pete(A nice \) chap) <pete(his account)@silly.test(his host)>
To:A Group(Some people)
     :Chris Jones <c@(Chris's host.)public.example>,
         joe@example.org,
  John <jdoe@one.test> (my dear friend); (the end of the group)
Cc:(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;
Date: Thu,
      13
        Feb
          1969
      23:32
               -0330 (Newfoundland Time)
Message-ID:              <testabcd.1234@silly.test>

Testing.
MAIL
cat >a61.eml <<'MAIL'
From: Joe Q. Public <john.q.public@example.com>
To: Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example
Date: Tue, 1 Jul 2003 10:52:37 +0200
Message-ID: <5678.21-Nov-1997@example.com>

Hi everyone.
MAIL
cat >a63.eml <<'MAIL'
From  : John Doe <jdoe@machine(comment).  example>
To    : Mary Smith
  
          <mary@example.net>
Subject     : Saying Hello
Date  : Fri, 21 Nov 1997 09(comment):   55  :  06 -0600
Message-ID  : <1234   @   local(blah)  .machine .example>

This is a message just to say hello.
MAIL
sed -i 's/$/\r/' ./*.eml

cat >read.cjs <<'NODE'
const { readFileSync } = require('node:fs')
const { simpleParser } = require('mailparser')
const letterparser = require('letterparser')
const read = (name) => readFileSync(`${name}.eml`)

async function main() {
  const { default: PostalMime } = await import('postal-mime')
  const old = await simpleParser(read('a63'))
  const isNow = Math.abs(Date.now() - old.date) < 60_000
  console.log(`A.6.3 mailparser: from ${old.from}, subject ${old.subject}, date is now: ${isNow}`)
  const letter = letterparser.extract(read('a63').toString())
  console.log(`A.6.3 letterparser: from ${letter.from}, subject ${letter.subject}, date ${letter.date}`)
  const { from, cc } = await PostalMime.parse(read('a5'))
  const group = cc[0].group
  console.log(`A.5 postal-mime: from "${from.name}" <${from.address}>, cc group of ${group.length}: "${group[0].name}"`)
  const to = (list) => list.map(({ address }) => address).join(' ')
  console.log(`A.6.1 mailparser: to ${to((await simpleParser(read('a61'))).to.value)}`)
  console.log(`A.6.1 postal-mime: to ${to((await PostalMime.parse(read('a61'))).to)}`)
}
main()
NODE
cat >read.py <<'PYTHON'
from flanker import mime
from flanker.addresslib import address

message = mime.from_string(open('a13.eml', newline='').read())
print(f"A.1.3 flanker: to {len(address.parse_list(message.headers['To']))} addresses")
PYTHON
{ node read.cjs; env/bin/python -W ignore read.py 2>/dev/null; } | tee output
cat >expected <<'TEXT'
A.6.3 mailparser: from undefined, subject Saying Hello, date is now: true
A.6.3 letterparser: from undefined, subject undefined, date undefined
A.5 postal-mime: from "Pete chap)" <pete(his account)@silly.test(his host)>, cc group of 1: ")"
A.6.1 mailparser: to mary@example.net jdoe@test
A.6.1 postal-mime: to @node.test:mary@example.net jdoe@test
A.1.3 flanker: to 0 addresses
TEXT
diff expected output
