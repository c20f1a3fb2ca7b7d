#!/usr/bin/env bash
# DragonFly Mail Agent 0.13 (Debian 12: dma 0.13-1+b1). Seen on 2026-11-30.
# Needs root (for a mount namespace), unshare, python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# `dma -t` (its sendmail -t) sends to the recipients on the first line of To, Cc and Bcc, and exits with 0. Those on the
# lines that continue the field (RFC 5322 2.2.3) are never sent to, and nobody is told; of a Bcc they are not even left in
# the message. Any mailer that writes one recipient to a line loses all but the first. A line of 998 octets, which RFC 5322
# 2.1.1 allows, makes it refuse the message; 997 pass. Both are known upstream (corecode/dma issues 89 and 18), and so it
# stands in Debian 12; its manual says neither.
#
# Output seen:
#   To, two on a line: exit 0, sent to one two
#   To, one to a line: exit 0, sent to one
#   Cc and Bcc, one to a line: exit 0, sent to five one three
#   To of 150, one to a line: exit 0, sent to user000
#   line of 997 octets: exit 0, sent to one
#   line of 998 octets: exit 65, sent to nobody, dma: bad mail input format
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get -qq download dma=0.13-1+b1 2>/dev/null
dpkg-deb -x dma_*.deb .

cat >try.py <<'PYTHON'
import socket, subprocess, threading

recipients = []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'RCPT':
            recipients.append(line.decode().split('<')[1].split('@')[0])
        if verb == b'DATA':
            say('354 go on')
            while next(lines) != b'.\r\n':
                pass
        say('221 bye' if verb == b'QUIT' else '250 ok')

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
with open('/etc/dma/dma.conf', 'w') as settings:
    settings.write(f'SMARTHOST 127.0.0.1\nPORT {listener.getsockname()[1]}\nMAILNAME client.example.test\n')

def send(name, fields, body='text'):
    recipients.clear()
    # -D: it delivers before it ends.
    run = subprocess.run(['usr/sbin/dma', '-D', '-t', '-f', 'a@example.test'], text=True, stderr=subprocess.PIPE, timeout=60,
                         input=f'From: a@example.test\n{fields}\nSubject: s\n\n{body}\n')
    said = ':'.join(run.stderr.split(':')[:2])
    print(f'{name}: exit {run.returncode}, sent to {" ".join(sorted(recipients)) or "nobody"}{said and ", " + said}')

send('To, two on a line', 'To: one@example.test, two@example.test')
send('To, one to a line', 'To: one@example.test,\n two@example.test')
send('Cc and Bcc, one to a line', 'To: one@example.test\nCc: three@example.test,\n four@example.test\n'
     'Bcc: five@example.test,\n six@example.test')
send('To of 150, one to a line', 'To: ' + ',\n '.join(f'User {i} <user{i:03}@example.test>' for i in range(150)))
for octets in 997, 998:
    send(f'line of {octets} octets', 'To: one@example.test', 'x' * octets)
PYTHON
# Its folders are compiled in: it sees a machine that has them, and this one stays as it is.
cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/ld.so.cache etc/
cat >inside <<'BASH'
python=$(python3 -c 'import sys; print(sys.executable)')
mount --bind etc /etc
mount -t tmpfs tmpfs /var/spool
mkdir -m 2775 /var/spool/dma
chgrp mail /var/spool/dma
"$python" try.py
BASH
unshare --mount --pid --fork --kill-child --mount-proc bash -eu inside | tee output
cat >expected <<'TEXT'
To, two on a line: exit 0, sent to one two
To, one to a line: exit 0, sent to one
Cc and Bcc, one to a line: exit 0, sent to five one three
To of 150, one to a line: exit 0, sent to user000
line of 997 octets: exit 0, sent to one
line of 998 octets: exit 65, sent to nobody, dma: bad mail input format
TEXT
diff expected output
