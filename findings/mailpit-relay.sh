#!/usr/bin/env bash
# Mailpit v1.33.1 (Go module github.com/axllent/mailpit), relaying all that it takes. Seen on 2026-11-30. Needs go, python3.
#
# --smtp-relay-all sends each message on to one server while its client waits for the reply, and says 250 whatever comes of
# it: a temporary refusal (451), for which every MTA tries again later, and a server that is away for a second are the end of
# the way for that message. There is no further attempt once the server takes mail again, and no report goes to the sender
# (RFC 5321 4.5.4.1, 6.1). The reason stands in Mailpit's log alone.
#
# Output seen:
#   next hop 451: client 250
#   next hop away: client 250
#   next hop back: client 250
#   arrived in 10 s: back
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
GOBIN=$work go install github.com/axllent/mailpit@v1.33.1 2>install.log || { cat install.log >&2; exit 1; }

cat >try.py <<'PYTHON'
import smtplib, socket, sys, threading, time

arrived = []

class NextHop:
    """A server that answers the end of each message with `reply`."""

    def __init__(self, port, reply):
        self.listener = socket.create_server(('127.0.0.1', port))
        self.reply = reply
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        lines = connection.makefile('rb')
        say = lambda text: connection.sendall(text.encode() + b'\r\n')
        say('220 next.example.test')
        for line in lines:
            verb = line[:4].upper()
            if verb == b'DATA':
                say('354 go on')
                text = b''
                while (part := next(lines)) != b'.\r\n':
                    text += part
                if self.reply.startswith('250'):
                    arrived.append(text.split(b'Subject: ')[1].split(b'\r\n')[0].decode())
                say(self.reply)
            elif verb == b'QUIT':
                say('221 bye')
                return
            else:
                say('250 ok')

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

def send(subject):
    for _ in range(100):
        try:
            client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), local_hostname='client.example.test', timeout=30)
            break
        except OSError:
            time.sleep(0.1)
    client.ehlo()
    client.mail('sender@example.test')
    client.rcpt('recipient@example.test')
    code, _ = client.data(f'Subject: {subject}\r\n\r\ntext\r\n')
    client.quit()
    print(f'next hop {subject}: client {code}')

port = int(sys.argv[2])
hop = NextHop(port, '451 4.3.0 try again later')
send('451')
hop.close()
send('away')
hop = NextHop(port, '250 taken')
send('back')
time.sleep(10)
print('arrived in 10 s:', *arrived)
PYTHON
read -r smtp web next < <(python3 -c '
import socket
ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(port.getsockname()[1] for port in ports))')
cat >relay.yaml <<YAML
host: 127.0.0.1
port: $next
starttls: false
auth: none
YAML
./mailpit --smtp "127.0.0.1:$smtp" --listen "127.0.0.1:$web" --disable-version-check \
  --smtp-relay-config relay.yaml --smtp-relay-all >log 2>&1 &
server=$!
python3 try.py "$smtp" "$next" | tee output
cat >expected <<'TEXT'
next hop 451: client 250
next hop away: client 250
next hop back: client 250
arrived in 10 s: back
TEXT
diff expected output
