#!/usr/bin/env bash
# aiosmtpd 1.4.6 (PyPI) and smtplib of Python 3.11.7, each beside smtp-server 3.21.6 and nodemailer 10.6.1 (npm).
# Seen on 2026-11-30.
#
# LMTP answers the end of a message once for each recipient that was taken (RFC 2033 4.2). smtplib.LMTP reads one
# answer, and aiosmtpd's LMTP server gives one: the two suit each other, so that a test of one by the other passes.
#  - smtplib.LMTP at a server that refuses the second of two recipients then: sendmail() reports no refusal, and the
#    refusal is what the next command gets for an answer.
#  - nodemailer's LMTP at aiosmtpd: the server has the message, the client waits for the second answer until it gives up
#    and reports a failure, so that whoever tries again delivers it twice.
#
# Output seen:
#   smtplib at aiosmtpd: refused {}, then NOOP 250
#   smtplib at smtp-server: refused {}, then NOOP 552
#   nodemailer at smtp-server: accepted one@example.test, rejected two@example.test
#   nodemailer at aiosmtpd: ETIMEDOUT, aiosmtpd has taken 2 messages
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $servers 2>/dev/null || true; rm -rf "$work"' EXIT
servers=
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund smtp-server@3.21.6 nodemailer@10.6.1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6

cat >lmtp-server.py <<'PYTHON'
import asyncio
from aiosmtpd.lmtp import LMTP

class Handler:
    async def handle_DATA(self, server, session, envelope):
        open('taken', 'a').write('message\n')
        return '250 taken'

async def main():
    server = await asyncio.get_running_loop().create_server(lambda: LMTP(Handler()), '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
PYTHON
cat >lmtp-server.cjs <<'NODE'
const { SMTPServer } = require('smtp-server')

const full = Object.assign(new Error('mailbox full'), { responseCode: 552 })
const server = new SMTPServer({
  lmtp: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData(stream, session, done) {
    stream.on('end', () => done(null, ['taken', full])).resume()
  },
})
server.listen(0, '127.0.0.1', () => console.log(server.server.address().port))
NODE
cat >smtplib-client.py <<'PYTHON'
import smtplib, sys

client = smtplib.LMTP('127.0.0.1', int(sys.argv[1]), timeout=5)
refused = client.sendmail('a@example.test', ['one@example.test', 'two@example.test'], 'Subject: x\r\n\r\nx\r\n')
print(f'refused {refused}, then NOOP {client.noop()[0]}')
PYTHON
cat >nodemailer-client.cjs <<'NODE'
const { createTransport } = require('nodemailer')

const transport = createTransport({ host: '127.0.0.1', port: Number(process.argv[2]), lmtp: true, socketTimeout: 2000 })
const envelope = { from: 'a@example.test', to: ['one@example.test', 'two@example.test'] }
transport.sendMail({ envelope, raw: 'Subject: x\r\n\r\nx\r\n' }).then(
  ({ accepted, rejected }) => console.log(`accepted ${accepted}, rejected ${rejected}`),
  ({ code }) => console.log(code),
)
NODE
mkfifo of-python of-node
env/bin/python lmtp-server.py >of-python & servers="$servers $!"
node lmtp-server.cjs >of-node & servers="$servers $!"
read -r python_port <of-python
read -r node_port <of-node
{
  echo "smtplib at aiosmtpd: $(python3 smtplib-client.py "$python_port")"
  echo "smtplib at smtp-server: $(python3 smtplib-client.py "$node_port")"
  echo "nodemailer at smtp-server: $(node nodemailer-client.cjs "$node_port")"
  echo "nodemailer at aiosmtpd: $(node nodemailer-client.cjs "$python_port"), aiosmtpd has taken $(wc -l <taken) messages"
} | tee output
cat >expected <<'TEXT'
smtplib at aiosmtpd: refused {}, then NOOP 250
smtplib at smtp-server: refused {}, then NOOP 552
nodemailer at smtp-server: accepted one@example.test, rejected two@example.test
nodemailer at aiosmtpd: ETIMEDOUT, aiosmtpd has taken 2 messages
TEXT
diff expected output
