#!/usr/bin/env bash
# Mail::IMAPClient 3.43 (Debian 12: libmail-imapclient-perl 3.43-1), beside Mail::IMAPTalk 4.04 (libmail-imaptalk-perl
# 4.04-2). Seen on 2026-11-30. Needs perl, python3, dpkg-deb and apt-get with the lists of Debian 12.
#
# What get_envelope makes of valid answers to FETCH ENVELOPE (RFC 3501, sections 4.3 and 7.4.2), which servers give for
# ordinary mail:
#  - a quote or a backslash in a subject or a name keeps the backslash that it has on the wire, in front of it;
#  - the same subject as a literal, as some servers send it, gets backslashes that are not even on the wire, and
#    parentheses get them as well;
#  - the start and the end of a group count as addresses: a message to "undisclosed-recipients:;" has two
#    recipients, <undisclosed-recipients@NIL> and <NIL@NIL>.
# A test that looks for a subject or counts recipients by it fails though the server is right.
#
# Output seen:
#   quoted, IMAPClient: Re: \"Hello\" from C:\\temp; from Bob \"B\" Smith <bob@example.test>; to <ann@example.test>
#   quoted, IMAPTalk: Re: "Hello" from C:\temp; from "Bob B Smith" <bob@example.test>; to ann@example.test
#   literal, IMAPClient: Re: \"Hello\" \(two\); from Bob <bob@example.test>; to <ann@example.test>
#   literal, IMAPTalk: Re: "Hello" (two); from "Bob" <bob@example.test>; to ann@example.test
#   group, IMAPClient: Meeting; from Bob <bob@example.test>; to <Team@NIL> <ann@example.test> <cem@example.test> <NIL@NIL>
#   group, IMAPTalk: Meeting; from "Bob" <bob@example.test>; to Team: ann@example.test, cem@example.test;
#   empty group, IMAPClient: Hidden; from Bob <bob@example.test>; to <undisclosed-recipients@NIL> <NIL@NIL>
#   empty group, IMAPTalk: Hidden; from "Bob" <bob@example.test>; to undisclosed-recipients: ;
set -eu -o pipefail
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libmail-imapclient-perl=3.43-1 libmail-imaptalk-perl=4.04-2 libparse-recdescent-perl=1.967015+dfsg-4; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

# The answers alone matter here, so a server of a few lines gives them.
cat >server.py <<'PYTHON'
import socketserver

BOB = '(("Bob" NIL "bob" "example.test"))'
QUOTED_BOB = r'(("Bob \"B\" Smith" NIL "bob" "example.test"))'
ANN, CEM = '(NIL NIL "ann" "example.test")', '(NIL NIL "cem" "example.test")'
ENVELOPES = [
    (r'"Re: \"Hello\" from C:\\temp"', QUOTED_BOB, f'({ANN})'),
    ('{17}\r\nRe: "Hello" (two)', BOB, f'({ANN})'),
    ('"Meeting"', BOB, f'((NIL NIL "Team" NIL){ANN}{CEM}(NIL NIL NIL NIL))'),
    ('"Hidden"', BOB, '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'),
]


class Session(socketserver.StreamRequestHandler):
    def tell(self, line):
        self.wfile.write(f'{line}\r\n'.encode())

    def handle(self):
        self.tell('* OK IMAP4rev1 ready')
        for line in self.rfile:
            tag, command, *rest = line.decode().upper().split()
            if command == 'UID':
                command = rest.pop(0)
            if command == 'CAPABILITY':
                self.tell('* CAPABILITY IMAP4rev1')
            if command == 'SELECT':
                for told in '4 EXISTS', '0 RECENT', 'FLAGS ()', 'OK [UIDVALIDITY 1] valid':
                    self.tell(f'* {told}')
            if command == 'FETCH':
                number = int(rest[0])
                subject, author, to = ENVELOPES[number - 1]
                date, same, id = '"Mon, 30 Nov 2026 12:00:00 +0000"', f'{author} {author} {author}', f'"<{number}@b.test>"'
                self.tell(f'* {number} FETCH (UID {number} ENVELOPE ({date} {subject} {same} {to} NIL NIL NIL {id}))')
            if command == 'LOGOUT':
                self.tell('* BYE')
            self.tell(f'{tag} OK done')
            if command == 'LOGOUT':
                return


with socketserver.ThreadingTCPServer(('127.0.0.1', 0), Session) as server:
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
PYTHON
mkfifo ready
python3 server.py >ready &
server=$!
read -r port <ready

cat >read.pl <<'PERL'
use strict;
use warnings;
use Mail::IMAPClient;
use Mail::IMAPTalk;

my @at = (Server => '127.0.0.1', Port => shift);
my $client = Mail::IMAPClient->new(@at, User => 'u', Password => 'p') or die $@;
my $talk = Mail::IMAPTalk->new(@at, Username => 'u', Password => 'p') or die $@;
$client->select('INBOX');
$talk->select('INBOX');
my $number = 0;
for my $name ('quoted', 'literal', 'group', 'empty group') {
  my $envelope = $client->get_envelope(++$number);
  my ($from, $to) = map { join ' ', @$_ } [$envelope->from_addresses], [$envelope->to_addresses];
  printf "%s, IMAPClient: %s; from %s; to %s\n", $name, $envelope->subject, $from, $to;
  my $other = $talk->fetch($number, '(envelope)')->{$number}{envelope};
  printf "%s, IMAPTalk: %s; from %s; to %s\n", $name, @$other{'Subject', 'From', 'To'};
}
$client->logout;
$talk->logout;
PERL
perl -Iusr/share/perl5 read.pl "$port" | tee output
cat >expected <<'TEXT'
quoted, IMAPClient: Re: \"Hello\" from C:\\temp; from Bob \"B\" Smith <bob@example.test>; to <ann@example.test>
quoted, IMAPTalk: Re: "Hello" from C:\temp; from "Bob B Smith" <bob@example.test>; to ann@example.test
literal, IMAPClient: Re: \"Hello\" \(two\); from Bob <bob@example.test>; to <ann@example.test>
literal, IMAPTalk: Re: "Hello" (two); from "Bob" <bob@example.test>; to ann@example.test
group, IMAPClient: Meeting; from Bob <bob@example.test>; to <Team@NIL> <ann@example.test> <cem@example.test> <NIL@NIL>
group, IMAPTalk: Meeting; from "Bob" <bob@example.test>; to Team: ann@example.test, cem@example.test;
empty group, IMAPClient: Hidden; from Bob <bob@example.test>; to <undisclosed-recipients@NIL> <NIL@NIL>
empty group, IMAPTalk: Hidden; from "Bob" <bob@example.test>; to undisclosed-recipients: ;
TEXT
diff expected output
