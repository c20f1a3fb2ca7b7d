#!/usr/bin/env bash
# sSMTP 2.64 (Debian 12: ssmtp 2.64-11). Seen on 2026-11-30.
# Needs python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# A field of more than 2,046 octets is cut off there and its rest thrown away, with exit code 0 and no word, however short
# its lines are (RFC 5322 2.1.1 limits lines, not folded fields; line ends count as CRLF, the last one not). A To of 60
# names is enough: all of them get the message, but its To ends in the middle of an address, so that an answer to all misses
# some and may reach a stranger. References and signatures fare alike.
#
# Output seen:
#   Comments of 2046 octets: exit 0, 2046 octets arrived
#   Comments of 2047 octets: exit 0, 2046 octets arrived
#   To of 60 addresses: exit 0, 60 recipients, 50 addresses arrived, the last one of them user049@example.t
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get -qq download ssmtp=2.64-11 2>/dev/null
dpkg-deb -x ssmtp_*.deb .

cat >try.py <<'PYTHON'
import socket, subprocess, threading

recipients, message = [], []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'RCPT':
            recipients.append(line)
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
with open('ssmtp.conf', 'w') as settings:
    settings.write(f'mailhub=127.0.0.1:{listener.getsockname()[1]}\nhostname=client.example.test\n')

def send(field, to='To: one@example.test'):
    """The exit code, and what arrives between the fields First and Last."""
    recipients.clear()
    message.clear()
    text = f'From: a@example.test\n{to}\nFirst: 1\n{field}\nLast: 1\n\ntext\n'
    code = subprocess.run(['usr/sbin/ssmtp', '-Cssmtp.conf', '-t'], input=text, text=True, timeout=30).returncode
    arrived = ''.join(message).split('First: 1\r\n')[1].split('\r\nLast: 1')[0]
    return code, arrived

for octets in 2046, 2047:
    field = 'Comments: 1' + '\n twenty-two octets in' * 92
    field += '\n ' + 'x' * (octets - len(field.replace('\n', '\r\n')) - 3)
    code, arrived = send(field)
    print(f'Comments of {octets} octets: exit {code}, {len(arrived)} octets arrived')

code, arrived = send(
    'To: ' + ',\n '.join(f'User number {i:02} <user{i:03}@example.test>' for i in range(60)), 'Comments: none')
addresses = [part.split('>')[0] for part in arrived.split('<')[1:]]
print(f'To of 60 addresses: exit {code}, {len(recipients)} recipients, {len(addresses)} addresses arrived, '
      f'the last one of them {addresses[-1]}')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
Comments of 2046 octets: exit 0, 2046 octets arrived
Comments of 2047 octets: exit 0, 2046 octets arrived
To of 60 addresses: exit 0, 60 recipients, 50 addresses arrived, the last one of them user049@example.t
TEXT
diff expected output
