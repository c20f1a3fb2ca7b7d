#!/usr/bin/env bash
# esmtp 1.2-18+b1 with libesmtp6 1.1.0-3.1~deb12u1 (Debian 12). Seen on 2026-11-30.
# Needs python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# `esmtp -t` reads recipients from the message. It misses those of a field that is folded right behind its name, as RFC 5322
# 2.2.3 and 3.2.2 allow, and exits with 0: nobody in such a Cc gets the message, and such a Bcc is neither sent to nor
# removed, so that the others read it. Members of a group (3.4) get the group's name or its semicolon into their addresses.
# Resent-To (3.6.6) is not read: a resent message goes to its first recipients once more.
#
# Output seen (recipients in RCPT, then what is left of the fields):
#   Cc folded behind a comma: one three two | To, Cc
#   Cc folded behind its name: one | To, Cc
#   Bcc folded behind a comma: one three two | To
#   Bcc folded behind its name: one | To, Bcc
#   group of two: Team:one two@example.test; | To
#   resent: one | Resent-To, To
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in esmtp=1.2-18+b1 libesmtp6=1.1.0-3.1~deb12u1; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >try.py <<'PYTHON'
import glob, os, socket, subprocess, threading

recipients, message = [], []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'RCPT':
            recipients.append(line.decode().split('<')[1].rsplit('>')[0])
        if verb == b'DATA':
            say('354 go on')
            while (part := next(lines)) != b'.\r\n':
                message.append(part.decode())
        say('221 bye' if verb == b'QUIT' else '250 ok')

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
with open('.esmtprc', 'w', opener=lambda path, flags: os.open(path, flags, 0o600)) as settings:
    settings.write(f'hostname=127.0.0.1:{listener.getsockname()[1]}\n')
environment = {**os.environ, 'HOME': os.getcwd(), 'LD_LIBRARY_PATH': glob.glob(os.getcwd() + '/usr/lib/*-linux-gnu')[0]}

def send(name, fields):
    recipients.clear()
    message.clear()
    text = f'From: a@example.test\n{fields}\nSubject: s\nDate: Mon, 30 Nov 2026 12:00:00 +0000\nMessage-ID: <1@a>\n\ntext\n'
    subprocess.run(['usr/bin/esmtp', '-t'], input=text, text=True, env=environment, timeout=30, check=True)
    to = ' '.join(sorted(address.removesuffix('@example.test') for address in recipients))
    left = ', '.join(line.split(':')[0] for line in message if 'To:' in line or 'cc:' in line or 'Cc:' in line)
    print(f'{name}: {to} | {left}')

for field in 'Cc', 'Bcc':
    send(f'{field} folded behind a comma', f'To: one@example.test\n{field}: two@example.test,\n three@example.test')
    send(f'{field} folded behind its name', f'To: one@example.test\n{field}:\n two@example.test,\n three@example.test')
send('group of two', 'To: Team: one@example.test, two@example.test;')
send('resent', 'Resent-From: a@example.test\nResent-To: two@example.test\nTo: one@example.test')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
Cc folded behind a comma: one three two | To, Cc
Cc folded behind its name: one | To, Cc
Bcc folded behind a comma: one three two | To
Bcc folded behind its name: one | To, Bcc
group of two: Team:one two@example.test; | To
resent: one | Resent-To, To
TEXT
diff expected output
