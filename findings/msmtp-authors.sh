#!/usr/bin/env bash
# msmtp 1.8.23 (Debian 12: msmtp 1.8.23-1). Seen on 2026-11-30.
# Needs python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# `msmtp -t` says that it reads recipients from To, Cc and Bcc. It sends to the authors as well, all but the first, if From
# has more than one (RFC 5322 3.6.2; RFC 6854 for a group): they get a message that is not addressed to them. Quoted local
# parts (RFC 5322 3.4.1) do not survive: a bare address is left with its domain alone, as sender and as recipient, and
# between angle brackets a space becomes an underscore, which is another mailbox. A space before the @, which 3.4.1
# allows too, leaves the domain alone as well. Exit code 0 each time, unless the server minds.
#
# Output seen:
#   two authors: MAIL FROM:<a@example.test> RCPT TO:<b@example.test> RCPT TO:<to@example.test>
#   group of authors: MAIL FROM:<a@example.test> RCPT TO:<b@example.test> RCPT TO:<to@example.test>
#   quoted: MAIL FROM:<@example.test> RCPT TO:<@example.test> RCPT TO:<"c_d"@example.test>
#   white space: MAIL FROM:<a@example.test> RCPT TO:<@example.test>
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in msmtp=1.8.23-1 libgsasl18=2.2.0-1+deb12u2 libsecret-1-0=0.20.5-3 libgssglue1=0.7-1.1 libntlm0=1.6-4 \
  libidn12=1.41-1; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >try.py <<'PYTHON'
import glob, os, socket, subprocess, threading

commands = []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb in (b'MAIL', b'RCPT'):
            commands.append(line.decode().strip())
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
command = ['usr/bin/msmtp', '--file=/dev/null', '--host=127.0.0.1', f'--port={listener.getsockname()[1]}',
           '--tls=off', '--auth=off', '--read-envelope-from', '--read-recipients']
environment = {**os.environ, 'LD_LIBRARY_PATH': glob.glob(os.getcwd() + '/usr/lib/*-linux-gnu')[0]}

def send(name, fields):
    commands.clear()
    subprocess.run(command, input=f'{fields}\nSubject: s\n\ntext\n', text=True, env=environment, timeout=30, check=True)
    print(f'{name}:', *commands)

send('two authors', 'From: A <a@example.test>, B <b@example.test>\nSender: a@example.test\nTo: to@example.test')
send('group of authors', 'From: Team: a@example.test, b@example.test;\nSender: a@example.test\nTo: to@example.test')
send('quoted', 'From: "a b"@example.test\nTo: "to all"@example.test, C D <"c d"@example.test>')
send('white space', 'From: a@example.test\nTo: to @example.test')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
two authors: MAIL FROM:<a@example.test> RCPT TO:<b@example.test> RCPT TO:<to@example.test>
group of authors: MAIL FROM:<a@example.test> RCPT TO:<b@example.test> RCPT TO:<to@example.test>
quoted: MAIL FROM:<@example.test> RCPT TO:<@example.test> RCPT TO:<"c_d"@example.test>
white space: MAIL FROM:<a@example.test> RCPT TO:<@example.test>
TEXT
diff expected output
