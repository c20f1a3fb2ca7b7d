#!/usr/bin/env bash
# nodemailer 10.6.1 (npm), with aiosmtpd 1.4.6 (PyPI) as the server. Seen on 2026-11-29.
#
# A local part may be a quoted string, and ">" is one of its ordinary characters (RFC 5321 4.1.2, qtextSMTP).
# Given the recipient "a>b"@example.test, nodemailer sends to "a b"@example.test: ">" becomes a space, in the
# envelope and in To alike. That is another mailbox, no error is raised, and info.accepted names the other
# one. A comma, an "@" or an escaped quotation mark in the same place goes through unchanged.
# aiosmtpd takes both addresses, and tells them apart.
#
# Output seen:
#   asked for "a>b"@example.test, the server was given "a b"@example.test
#   asked for "a,b"@example.test, the server was given "a,b"@example.test
#   asked for "a@b"@example.test, the server was given "a@b"@example.test
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nodemailer@10.6.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6

cat >server.py <<'PYTHON'
import signal
from aiosmtpd.controller import Controller

class Recipients:
    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        with open("seen", "a") as seen:
            seen.write(address + "\n")
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

class AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

controller = AnyPort(Recipients(), hostname="127.0.0.1", port=0)
controller.start()
with open("port.part", "w") as port:
    port.write(str(controller.port))
import os
os.rename("port.part", "port")
signal.sigwait({signal.SIGTERM, signal.SIGINT})
controller.stop()
PYTHON
venv/bin/python server.py &
server=$!
until [ -f port ]; do kill -0 "$server"; sleep 0.1; done

cat >send.cjs <<'NODE'
const nodemailer = require('nodemailer')
const transport = nodemailer.createTransport({ host: '127.0.0.1', port: Number(process.argv[2]), ignoreTLS: true })
const asked = ['"a>b"@example.test', '"a,b"@example.test', '"a@b"@example.test']
void (async () => {
  for (const to of asked) await transport.sendMail({ from: 'from@example.test', to, subject: 'x', text: 'x' })
  const seen = require('node:fs').readFileSync('seen', 'utf8').trim().split('\n')
  asked.forEach((to, n) => console.log(`asked for ${to}, the server was given ${seen[n]}`))
})()
NODE
node send.cjs "$(cat port)" | tee output
cat >expected <<'TEXT'
asked for "a>b"@example.test, the server was given "a b"@example.test
asked for "a,b"@example.test, the server was given "a,b"@example.test
asked for "a@b"@example.test, the server was given "a@b"@example.test
TEXT
diff expected output
