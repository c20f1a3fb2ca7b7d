#!/usr/bin/env bash
# sendria 2.2.2 with aiosmtpd 1.4.6 (PyPI) and Python 3.11.7. Seen on 2026-11-30.
#
# It offers 8BITMIME, but what its API gives as the source of a message (.eml, .source) is not what was sent, even within
# its parts: text of eight bits comes as base64 or quoted-printable with another Content-Transfer-Encoding, so that no
# signature over it holds, and who tests that a program sends 8bit sees it send base64. Its own fields come below the
# message's, and lines end in LF.
#
# Output seen:
#   sent     Content-Type: text/plain; charset=utf-8 | Content-Transfer-Encoding: 8bit | Grüße
#   of .eml  Content-Type: text/plain; charset="utf-8" | Content-Transfer-Encoding: base64 | R3LDvMOfZQ==
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check sendria==2.2.2 aiosmtpd==1.4.6 'setuptools<81'
cat >free-ports.py <<'PYTHON'
import socket

with socket.create_server(('127.0.0.1', 0)) as one, socket.create_server(('127.0.0.1', 0)) as two:
    print(one.getsockname()[1], two.getsockname()[1])
PYTHON
read -r smtp_port http_port < <(python3 free-ports.py)
env/bin/sendria --foreground --db mail.sqlite --smtp-port "$smtp_port" --http-port "$http_port" >log 2>&1 &
server=$!
for _ in $(seq 300); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$smtp_port" 4<>"/dev/tcp/127.0.0.1/$http_port") 2>/dev/null; then break; fi
  sleep 0.1
done
python3 - "$smtp_port" "$http_port" <<'PYTHON' | tee said
import smtplib, sys, time, urllib.request

PART = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n'
MAIL = ('From: a@example.test\r\nTo: b@example.test\r\nSubject: source\r\nMIME-Version: 1.0\r\n'
        f'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{PART}--x--\r\n')

def part(text):
    return ' | '.join(line for line in text.split('--x')[1].splitlines() if line)

with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=10) as client:
    client.sendmail('a@example.test', ['b@example.test'], MAIL.encode(), ['BODY=8BITMIME'])
for attempt in range(100):
    try:
        source = urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[2]}/api/messages/1.eml', timeout=10).read()
        break
    except urllib.error.HTTPError:
        time.sleep(0.1)
print('sent    ', part(MAIL))
print('of .eml ', part(source.decode()))
PYTHON
[ "$(tail -n 1 said)" = 'of .eml  Content-Type: text/plain; charset="utf-8" | Content-Transfer-Encoding: base64 | R3LDvMOfZQ==' ]
