#!/usr/bin/env bash
# smtp-server 3.21.6 (npm), with nodemailer 10.6.1 (npm) as the client. Seen on 2026-11-29.
#
# Two valid kinds of address (RFC 5321 4.1.2) that smtp-server does not hand on as they were sent, both met by
# the client that the same author maintains:
#  - a quoted local part that holds a space or an "@" is refused: 501 "Bad recipient address syntax", although
#    one that holds an escaped quotation mark, or nothing at all, is taken;
#  - a domain in its ASCII form (xn--…, RFC 5890) reaches onRcptTo in Unicode, in a session that never asked for
#    SMTPUTF8: who looks the address up, compares it, or relays it without encoding it anew, has another text
#    than the client sent. An address literal keeps its form.
#
# Output seen:
#   "john doe"@example.test: 501 Error: Bad recipient address syntax
#   "a@b"@example.test: 501 Error: Bad recipient address syntax
#   "a\"b"@example.test: taken as "a\"b"@example.test
#   ""@example.test: taken as ""@example.test
#   a@xn--bcher-kva.test: taken as a@bücher.test
#   a@[IPv6:::1]: taken as a@[IPv6:::1]
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund smtp-server@3.21.6 nodemailer@10.6.1

cat >meet.cjs <<'NODE'
const { SMTPServer } = require('smtp-server')
const nodemailer = require('nodemailer')

let seen
const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo(address, session, done) {
    seen = address.address
    done()
  },
  onData(stream, session, done) {
    stream.on('end', done).resume()
  },
})
server.listen(0, '127.0.0.1', async () => {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.server.address().port })
  for (const to of ['"john doe"', '"a@b"', '"a\\"b"', '""'].map((local) => `${local}@example.test`).concat('a@xn--bcher-kva.test', 'a@[IPv6:::1]')) {
    try {
      await transport.sendMail({ envelope: { from: 'from@example.test', to }, raw: 'Subject: x\r\n\r\nx\r\n' })
      console.log(`${to}: taken as ${seen}`)
    } catch (error) {
      console.log(`${to}: ${error.response}`)
    }
  }
  server.close()
})
NODE
node meet.cjs | tee output
cat >expected <<'TEXT'
"john doe"@example.test: 501 Error: Bad recipient address syntax
"a@b"@example.test: 501 Error: Bad recipient address syntax
"a\"b"@example.test: taken as "a\"b"@example.test
""@example.test: taken as ""@example.test
a@xn--bcher-kva.test: taken as a@bücher.test
a@[IPv6:::1]: taken as a@[IPv6:::1]
TEXT
diff expected output
