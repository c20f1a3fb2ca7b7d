#!/usr/bin/env bash
# Twisted 26.10.0 (PyPI) with Python 3.11.7. Seen on 2026-11-30.
#
# Its SMTP server, on which localmail and others stand, does not know NOOP, which every server must have (RFC 5321 4.5.1), nor
# VRFY and HELP. Clients that ask by NOOP whether a session is still alive (smtplib's noop(), JavaMail's isConnected(), pools)
# take a session that works for one that is broken. And it refuses addresses whose domain is a literal (RFC 5321 4.1.3).
#
# Output seen:
#   NOOP: 500 Command not implemented
#   VRFY: 500 Command not implemented
#   MAIL FROM:<a@[127.0.0.1]>: 501 Syntax error
#   MAIL FROM:<a@example.test>: 250 Sender address accepted
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check twisted==26.10.0
cat >server.py <<'PYTHON'
from twisted.internet import reactor
from twisted.mail import smtp
from zope.interface import implementer

@implementer(smtp.IMessageDelivery)
class Delivery:
    def validateFrom(self, helo, origin):
        return origin

class Factory(smtp.SMTPFactory):
    protocol = smtp.ESMTP

    def buildProtocol(self, address):
        session = super().buildProtocol(address)
        session.delivery = Delivery()
        return session

print(reactor.listenTCP(0, Factory(), interface='127.0.0.1').getHost().port, flush=True)
reactor.run()
PYTHON
mkfifo of-server
env/bin/python server.py >of-server &
server=$!
read -r port <of-server
python3 - "$port" <<'PYTHON' | tee said
import smtplib, sys

with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=30) as client:
    client.ehlo()
    for name, (code, text) in {
        'NOOP': client.noop(),
        'VRFY': client.docmd('VRFY', 'a@example.test'),
        'MAIL FROM:<a@[127.0.0.1]>': client.docmd('MAIL', 'FROM:<a@[127.0.0.1]>'),
        'MAIL FROM:<a@example.test>': client.docmd('MAIL', 'FROM:<a@example.test>'),
    }.items():
        print(f'{name}: {code} {text.decode()}')
PYTHON
[ "$(cut -d ' ' -f 1-3 said)" = 'NOOP: 500 Command
VRFY: 500 Command
MAIL FROM:<a@[127.0.0.1]>: 501
MAIL FROM:<a@example.test>: 250' ]
