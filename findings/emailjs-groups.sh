#!/usr/bin/env bash
# emailjs 5.0.3 (npm), with Node 20 or 24. Seen on 2026-11-30. Needs npm, node and python3.
#
# A group in To, as in the examples of RFC 5322 A.1.3, becomes RCPT TO:<undefined>, and To reads the same: the members get
# nothing. A quoted local part with a space (3.4.1) becomes RCPT TO:<>. A server that takes any recipient, as catchers for
# tests do, hides both: the promise resolves. Lines of a text that end in "\n", as in JavaScript they do, go out with a bare
# LF, which RFC 5321 2.3.8 forbids: whether the recipient gets lines is up to the server, and some refuse them.
#
# Output seen:
#   To: A Group:Ed Jones <joe@example.test>,John <jdoe@example.test>; -> sent, RCPT TO:<undefined> RCPT TO:<cc@example.test>
#   To: undisclosed-recipients:; -> sent, RCPT TO:<undefined> RCPT TO:<cc@example.test>
#   To: "john doe"@example.test -> sent, RCPT TO:<> RCPT TO:<cc@example.test>
#   text: b'first\nsecond\n\r\n'
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-update-notifier emailjs@5.0.3

cat >send.mjs <<'JS'
import { Message, SMTPClient } from 'emailjs';

const [port, to] = process.argv.slice(2);
const client = new SMTPClient({ host: '127.0.0.1', port: Number(port), domain: 'client.example.test', timeout: 10_000 });
const message = new Message({ from: 'a@example.test', to, cc: 'cc@example.test', subject: 's', text: 'first\nsecond\n' });
await client.sendAsync(message).then(() => console.log('sent'), (error) => console.log(`error: ${error.message}`));
process.exit(0); // It leaves its connection open.
JS
cat >try.py <<'PYTHON'
import socket, subprocess, threading

commands, message = [], []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'RCPT':
            commands.append(line.decode().strip())
        if verb == b'DATA':
            say('354 go on')
            while (part := next(lines)) != b'.\r\n':
                message.append(part)
        if verb == b'QUIT':
            say('221 bye')
            return
        say('250 ok')

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()

for to in ('A Group:Ed Jones <joe@example.test>,John <jdoe@example.test>;', 'undisclosed-recipients:;', '"john doe"@example.test'):
    commands.clear()
    message.clear()
    command = ['node', 'send.mjs', str(listener.getsockname()[1]), to]
    said = subprocess.run(command, text=True, stdout=subprocess.PIPE, timeout=20, check=True).stdout.strip()
    print(f'To: {to} -> {said},', *commands)
print('text:', b''.join(message[message.index(b'\r\n') + 1:])[:len('first.second...')])
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
To: A Group:Ed Jones <joe@example.test>,John <jdoe@example.test>; -> sent, RCPT TO:<undefined> RCPT TO:<cc@example.test>
To: undisclosed-recipients:; -> sent, RCPT TO:<undefined> RCPT TO:<cc@example.test>
To: "john doe"@example.test -> sent, RCPT TO:<> RCPT TO:<cc@example.test>
text: b'first\nsecond\n\r\n'
TEXT
diff expected output
