#!/usr/bin/env bash
# GNU Mailutils 3.15 (Debian 12: mailutils 1:3.15-4), its mail command sending by SMTP itself. Seen on 2026-11-30.
# Needs python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# A recipient whom the server refuses, for good or for now, is left out without a word and with exit code 0, as long as one
# other is taken: no error, no dead.letter, no further attempt, and no bounce, since no queue stands behind it. The reply to
# RCPT is about one recipient (RFC 5321 3.3), and the client alone hears it. In Debian 12 msmtp, mutt, S-nail, esmtp, sSMTP
# and nullmailer end with an error. The command also says EHLO four times.
#
# Output seen:
#   all taken: exit 0, said "", sent to one two three
#   two gets 550: exit 0, said "", sent to one three
#   two gets 450: exit 0, said "", sent to one three
#   one and two get 452: exit 0, said "", sent to three
#   all get 550: exit 1, said "cannot send message: Operation rejected by remote party; dead.letter", sent to nobody
#   EHLO in each session: 4
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in mailutils=1:3.15-4 libmailutils9=1:3.15-4 libgsasl18=2.2.0-1+deb12u2 libgssglue1=0.7-1.1 \
  libntlm0=1.6-4 libidn12=1.41-1 libfribidi0 libldap-2.5-0 libsasl2-2 libmariadb3; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >try.py <<'PYTHON'
import glob, os, socket, subprocess, threading

refused, taken, hellos = {}, [], []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    recipients = []
    for line in lines:
        verb = line[:4].upper()
        if verb == b'EHLO':
            hellos.append(line)
        if verb == b'RCPT':
            name = line.decode().split('<')[1].split('@')[0]
            say(refused.get(name, '250 2.1.5 ok'))
            if name not in refused:
                recipients.append(name)
        elif verb == b'DATA':
            say('354 go on')
            while next(lines) != b'.\r\n':
                pass
            taken.extend(recipients)
            say('250 2.0.0 taken')
        else:
            say('502 5.5.1 no' if verb == b'STAR' else '221 bye' if verb == b'QUIT' else '250 ok')

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
command = ['usr/bin/mail.mailutils', '--norc', '--exec', f'set sendmail=smtp://127.0.0.1:{listener.getsockname()[1]}',
           '-r', 'a@example.test', '-s', 'subject', *(f'{name}@example.test' for name in ('one', 'two', 'three'))]
environment = {**os.environ, 'HOME': os.getcwd(), 'LC_ALL': 'C',
               'LD_LIBRARY_PATH': glob.glob(os.getcwd() + '/usr/lib/*-linux-gnu')[0]}

def send(name, replies):
    refused.clear()
    refused.update(replies)
    taken.clear()
    hellos.clear()
    run = subprocess.run(command, input='text\n', text=True, env=environment, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = run.stdout.strip().removeprefix('mail.mailutils: ')
    if os.path.exists('dead.letter'):
        said += '; dead.letter'
    print(f'{name}: exit {run.returncode}, said "{said}", sent to', *taken or ['nobody'])

send('all taken', {})
hellos_of_first = len(hellos)
send('two gets 550', {'two': '550 5.1.1 no such user'})
send('two gets 450', {'two': '450 4.2.1 try again later'})
send('one and two get 452', dict.fromkeys(('one', 'two'), '452 4.5.3 too many recipients'))
send('all get 550', dict.fromkeys(('one', 'two', 'three'), '550 5.1.1 no such user'))
print(f'EHLO in each session: {hellos_of_first}')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
all taken: exit 0, said "", sent to one two three
two gets 550: exit 0, said "", sent to one three
two gets 450: exit 0, said "", sent to one three
one and two get 452: exit 0, said "", sent to three
all get 550: exit 1, said "cannot send message: Operation rejected by remote party; dead.letter", sent to nobody
EHLO in each session: 4
TEXT
diff expected output
