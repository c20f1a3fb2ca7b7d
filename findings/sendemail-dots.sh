#!/usr/bin/env bash
# sendEmail 1.56 (Debian 12: sendemail 1.56-5.1). Seen on 2026-11-30.
# Needs perl, python3, dpkg-deb and apt-get with the lists of Debian 12.
#
# It doubles a dot only where the dot is the whole line. RFC 5321 4.5.2 wants that for each line that begins with one, and
# every server takes one away: the recipient of a file list reads "htaccess", of two dots one, and lines of troff or of a
# log lose their mark. Neither sender nor server notices. The same goes for a message given whole (message-format=raw).
#
# Output seen:
#   ".htaccess" arrives as "htaccess"
#   ".." arrives as "."
#   "." arrives as "."
#   "...and so on" arrives as "..and so on"
#   ".5 per cent" arrives as "5 per cent"
#   " .indented" arrives as " .indented"
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in sendemail=1.56-5.1 libio-socket-inet6-perl=2.73-1 libsocket6-perl=0.29-3; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >try.py <<'PYTHON'
import glob, socket, subprocess, threading

message = []

def talk(connection):
    lines = connection.makefile('rb')
    say = lambda text: connection.sendall(text.encode() + b'\r\n')
    say('220 mx.example.test ESMTP')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'DATA':
            say('354 go on')
            while (part := next(lines)) != b'.\r\n':
                # RFC 5321 4.5.2: the first character is deleted if it is a period.
                message.append(part.removeprefix(b'.').decode().removesuffix('\r\n'))
        say('221 bye' if verb == b'QUIT' else '250 ok')

def serve():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve, daemon=True).start()
server = f'127.0.0.1:{listener.getsockname()[1]}'
includes = ['-I' + path for path in ('usr/share/perl5', *glob.glob('usr/lib/*/perl5/*'))]
command = ['perl', *includes, 'usr/bin/sendEmail', '-q', '-s', server, '-o', 'tls=no',
           '-f', 'a@example.test', '-t', 'b@example.test']

lines = ['.htaccess', '..', '.', '...and so on', '.5 per cent', ' .indented']

def send(text, *options):
    message.clear()
    subprocess.run([*command, *options], input=text, text=True, timeout=60, check=True)
    first = message.index('first') + 1
    return message[first:first + len(lines)]

arrived = send('\n'.join(['first', *lines, 'last', '']), '-u', 'subject')
for sent, got in zip(lines, arrived):
    print(f'"{sent}" arrives as "{got}"')
raw = send('\n'.join(['From: a@example.test', 'Subject: s', '', 'first', *lines, 'last', '']), '-o', 'message-format=raw')
assert raw == arrived, raw
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
".htaccess" arrives as "htaccess"
".." arrives as "."
"." arrives as "."
"...and so on" arrives as "..and so on"
".5 per cent" arrives as "5 per cent"
" .indented" arrives as " .indented"
TEXT
diff expected output
