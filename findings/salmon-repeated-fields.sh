#!/usr/bin/env bash
# salmon-mail 3.3.0 (PyPI), with Python 3.11.7. Seen on 2026-11-30.
#
# Of a field that comes several times, each copy gets the value of the first when salmon writes a message, whether it
# forwards it, queues it or makes text of it: of three Received only the last hop is left, three times. Comments, Keywords,
# Resent- blocks and List- fields of RFC 5322 and 2369 fare alike. Names change their case too (Message-Id, Mime-Version).
#
# Output seen:
#   Received: from third by fourth; Mon, 30 Nov 2026 12:00:03 +0000
#   Received: from third by fourth; Mon, 30 Nov 2026 12:00:03 +0000
#   Received: from third by fourth; Mon, 30 Nov 2026 12:00:03 +0000
#   From: a@example.test
#   To: b@example.test
#   Message-Id: <1@example.test>
#   Comments: one
#   Comments: one
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check salmon-mail==3.3.0
mkfifo of-server
cat >server.py <<'PYTHON'
from salmon.queue import Queue
from salmon.routing import route, stateless
from salmon.server import SMTPReceiver

queue = Queue('queue')

@route('(user)@(host)', user='.+', host='.+')
@stateless
def START(message, user=None, host=None):
    queue.push(message)

receiver = SMTPReceiver('127.0.0.1', 0)
print(receiver.socket.getsockname()[1], flush=True)
receiver.start()
PYTHON
env/bin/python server.py >of-server &
server=$!
read -r port <of-server
python3 - "$port" <<'PYTHON'
import smtplib, sys

with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=10) as client:
    client.sendmail('a@example.test', ['b@example.test'], '''\
Received: from third by fourth; Mon, 30 Nov 2026 12:00:03 +0000
Received: from second by third; Mon, 30 Nov 2026 12:00:02 +0000
Received: from first by second; Mon, 30 Nov 2026 12:00:01 +0000
From: a@example.test
To: b@example.test
Message-ID: <1@example.test>
Comments: one
Comments: two

text
'''.replace('\n', '\r\n'))
PYTHON
grep -hE '^(Received|From|To|Message-|Comments)' queue/new/* | tee said
[ "$(sort said | uniq -c | sed 's/^ *//')" = '2 Comments: one
1 From: a@example.test
1 Message-Id: <1@example.test>
3 Received: from third by fourth; Mon, 30 Nov 2026 12:00:03 +0000
1 To: b@example.test' ]
