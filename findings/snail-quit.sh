#!/usr/bin/env bash
# S-nail 14.9.24 (Debian 12: s-nail 14.9.24-2), sending by SMTP itself. Seen on 2026-11-30.
# Needs python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# A message that the server has taken, by 250 at its end, is "not sent", with exit code 4 and a copy in dead.letter, if QUIT
# is answered by 421. With that 250 the server has taken over (RFC 5321 4.2.5), and 421 may come for any command once it
# shuts down (4.2.2). Whoever sends again, by hand or by a script that heeds the code, sends the message twice. A server that
# goes without a word does no harm. msmtp, mutt, esmtp, sSMTP, nullmailer, sendEmail and swaks of Debian 12 end with 0.
#
# Output seen:
#   QUIT 221: exit 0, 1 message taken
#   QUIT 421: exit 4, 1 message taken, s-nail: ... message not sent
#   421 and closed after the message: exit 4, 1 message taken, s-nail: ... message not sent
#   closed after the message: exit 0, 1 message taken
#   sent again until exit 0, QUIT 421 twice and then 221: 3 messages taken
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get -qq download s-nail=14.9.24-2 2>/dev/null
dpkg-deb -x s-nail_*.deb .

cat >try.py <<'PYTHON'
import os, socket, subprocess, threading

taken, ends = [], []

def talk(connection, end):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'DATA':
            say('354 go on')
            while next(lines) != b'.\r\n':
                pass
            taken.append(1)
            say('250 2.0.0 taken')
            if end == '421 and closed after the message':
                say('421 4.3.2 shutting down')
            if 'closed' in end:
                break
        elif verb == b'QUIT':
            say(f'{end.split()[1]} closing')
            break
        else:
            say('250 ok')
    connection.shutdown(socket.SHUT_WR)
    for _ in lines:
        pass

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection, ends.pop(0)), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
command = ['usr/bin/s-nail', '-:/', '-Sv15-compat', f'-Smta=smtp://127.0.0.1:{listener.getsockname()[1]}', '-Ssmtp-auth=none',
           '-Shostname=client.example.test', '-Sfrom=a@example.test', '-s', 'subject', 'b@example.test']

def send(end):
    ends.append(end)
    return subprocess.run(command, input='text\n', text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=30, env={**os.environ, 'HOME': os.getcwd(), 'DEAD': os.getcwd() + '/dead.letter'})

for end in 'QUIT 221', 'QUIT 421', '421 and closed after the message', 'closed after the message':
    taken.clear()
    run = send(end)
    said = run.stderr.strip().split('\n')[-1]
    print(f'{end}: exit {run.returncode}, {len(taken)} message taken{", " + said if said else ""}')

taken.clear()
for end in 'QUIT 421', 'QUIT 421', 'QUIT 221':
    if send(end).returncode == 0:
        break
print(f'sent again until exit 0, QUIT 421 twice and then 221: {len(taken)} messages taken')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
QUIT 221: exit 0, 1 message taken
QUIT 421: exit 4, 1 message taken, s-nail: ... message not sent
421 and closed after the message: exit 4, 1 message taken, s-nail: ... message not sent
closed after the message: exit 0, 1 message taken
sent again until exit 0, QUIT 421 twice and then 221: 3 messages taken
TEXT
diff expected output
