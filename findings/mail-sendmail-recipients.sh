#!/usr/bin/env bash
# Mail::Sendmail 0.80 of Perl (Debian 12: libmail-sendmail-perl 0.80-3). Seen on 2026-11-30.
# Needs perl, python3, dpkg-deb and apt-get with the lists of Debian 12.
#
# It sends to whatever looks like an address in To, Cc and Bcc, with success. An address in a display name, as mailing lists
# and ticket systems write it, becomes a recipient of its own. Of a local part with ~, {, |, }, ^ or a backquote, which need
# no quotes (RFC 5322 3.2.3), only what stands behind it is left: another mailbox, in MAIL as well. An address with a quoted
# local part is left out, and the message goes to the others. $Mail::Sendmail::error stays empty.
#
# Output seen:
#   To: "jane@example.test via List" <list@example.test> -> 1, jane list
#   To: support~vip@example.test -> 1, vip
#   To: {1}@example.test, two@example.test -> 1, two
#   To: "john doe"@example.test, two@example.test -> 1, two
#   From: bounces~7@example.test -> 1, MAIL FROM:<7@example.test>
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libmail-sendmail-perl=0.80-3 libsys-hostname-long-perl=1.5-3; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >send.pl <<'PERL'
use strict;
use warnings;
use Mail::Sendmail;

my ($port, $from, $to) = @ARGV;
my $sent = sendmail(Smtp => '127.0.0.1', Port => $port, From => $from, To => $to, Subject => 's', Message => "text\n");
print $sent // 0, $Mail::Sendmail::error ? " ($Mail::Sendmail::error)" : '';
PERL
cat >try.py <<'PYTHON'
import socket, subprocess, threading

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

def send(sender, to):
    commands.clear()
    command = ['perl', '-Iusr/share/perl5', 'send.pl', str(listener.getsockname()[1]), sender, to]
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, timeout=30, check=True).stdout

for to in ('"jane@example.test via List" <list@example.test>', 'support~vip@example.test',
           '{1}@example.test, two@example.test', '"john doe"@example.test, two@example.test'):
    said = send('a@example.test', to)
    print(f'To: {to} -> {said},', *(command.split('<')[1].split('@')[0] for command in commands[1:]))
said = send('bounces~7@example.test', 'one@example.test')
print(f'From: bounces~7@example.test -> {said}, {commands[0]}')
PYTHON
python3 try.py | tee output
cat >expected <<'TEXT'
To: "jane@example.test via List" <list@example.test> -> 1, jane list
To: support~vip@example.test -> 1, vip
To: {1}@example.test, two@example.test -> 1, two
To: "john doe"@example.test, two@example.test -> 1, two
From: bounces~7@example.test -> 1, MAIL FROM:<7@example.test>
TEXT
diff expected output
