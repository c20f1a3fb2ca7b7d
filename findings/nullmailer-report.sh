#!/usr/bin/env bash
# nullmailer 2.2 (Debian 12: nullmailer 1:2.2-4). Seen on 2026-11-30.
# Needs root (for a mount namespace and overlayfs), unshare, python3, dpkg-deb and apt-get with the lists of Debian 12, amd64.
#
# A message to three recipients, of whom the server refuses the second. nullmailer gives up there: the first, taken by 250,
# gets nothing, and the third is not even named to the server. Its delivery report (RFC 3464) then says of each of the three
# that they failed with 5.1.1 and quotes "550 5.1.1 no such user" for each (2.3.6 wants what was said of that recipient).
# Whoever acts on such reports, as mailing lists do, strikes off two mailboxes that exist. With 450 nobody gets the message
# either, and it stays in the queue for all of them. The log names no recipient unless the server's reply does.
#
# Output seen:
#   550 for two: asked for one two, message sent to nobody
#   report: one failed 5.1.1 SMTP; 550 5.1.1 no such user
#   report: two failed 5.1.1 SMTP; 550 5.1.1 no such user
#   report: three failed 5.1.1 SMTP; 550 5.1.1 no such user
#   450 for two: asked for one two, message sent to nobody
#   no report, in the queue for one two three
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get -qq download nullmailer=1:2.2-4 2>/dev/null
dpkg-deb -x nullmailer_*.deb .
chmod u-s usr/sbin/nullmailer-queue # It would write as user mail, into folders of root here.

cat >try.py <<'PYTHON'
import email, pathlib, socket, subprocess, sys, threading

asked, sent, reports = [], [], []
done = threading.Event()
reply = ''

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    recipients = []
    for line in lines:
        verb = line[:4].upper()
        if verb == b'RCPT':
            name = line.decode().split('<')[1].split('@')[0]
            recipients.append(name)
            say(reply if name == 'two' else '250 2.1.5 ok')
        elif verb == b'DATA':
            say('354 go on')
            text = b''
            while (part := next(lines)) != b'.\r\n':
                text += part
            if recipients == ['sender']:
                reports.append(email.message_from_bytes(text))
            else:
                sent.extend(recipients)
            say('250 2.0.0 taken')
        else:
            say('221 bye' if verb == b'QUIT' else '250 ok')
        if verb == b'QUIT':
            if recipients != ['sender']:
                asked.extend(recipients)
            if recipients == ['sender'] or reply.startswith('450'):
                done.set()
            return

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
pathlib.Path('/etc/nullmailer/remotes').write_text(f'127.0.0.1 smtp --port={listener.getsockname()[1]}\n')
queue = pathlib.Path('/var/spool/nullmailer/queue')
names = 'one', 'two', 'three'

for reply in '550 5.1.1 no such user', '450 4.2.1 try again later':
    asked.clear()
    sent.clear()
    reports.clear()
    done.clear()
    to = ''.join(f'{name}@example.test\n' for name in names)
    (queue / '1796040000.1').write_text(f'sender@example.test\n{to}\nFrom: sender@example.test\nSubject: s\n\ntext\n')
    with open('log', 'w') as log:
        sender = subprocess.Popen(['nullmailer-send'], stdout=log, stderr=log)
        done.wait(30) or sys.exit(pathlib.Path('log').read_text())
        sender.terminate()
        sender.wait()
    print(f'{reply[:3]} for two: asked for {" ".join(asked)}, message sent to {" ".join(sent) or "nobody"}')
    for report in reports:
        for block in report.get_payload()[1].get_payload()[1:]:
            name = block['Final-Recipient'].split('; ')[1].split('@')[0]
            print('report:', name, block['Action'], block['Status'], block['Diagnostic-Code'])
    if not reports:
        waiting = (queue / '1796040000.1').read_text().split('\n\n')[0].split()[1:]
        print('no report, in the queue for', *(address.split('@')[0] for address in waiting))
PYTHON
# Its folders are compiled in: it sees a machine that has them, and this one stays as it is.
cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/ld.so.cache etc/
mkdir -p etc/nullmailer
echo client.example.test >etc/mailname
cat >inside <<'BASH'
python=$(python3 -c 'import sys; print(sys.executable)')
mount --bind etc /etc
mount -t overlay overlay -o "lowerdir=$PWD/usr:/usr" /usr
mount -t tmpfs tmpfs /var/spool
mkdir -p /var/spool/nullmailer/{queue,tmp,failed}
mkfifo /var/spool/nullmailer/trigger
"$python" try.py
BASH
unshare --mount --pid --fork --kill-child --mount-proc bash -eu inside | tee output
cat >expected <<'TEXT'
550 for two: asked for one two, message sent to nobody
report: one failed 5.1.1 SMTP; 550 5.1.1 no such user
report: two failed 5.1.1 SMTP; 550 5.1.1 no such user
report: three failed 5.1.1 SMTP; 550 5.1.1 no such user
450 for two: asked for one two, message sent to nobody
no report, in the queue for one two three
TEXT
diff expected output
