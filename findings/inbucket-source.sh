#!/usr/bin/env bash
# inbucket v3.2.0 (Go module github.com/inbucket/inbucket/v3). Seen on 2026-11-30. Needs go 1.25 and python3.
#
# A message that came by SMTP, and what the REST API then tells of it, with the settings that inbucket has by default:
#  - in the source the fields that inbucket adds end in CRLF, and the lines of the message, sent with CRLF, in LF: who
#    looks for the end of the header as CRLF CRLF finds none, and the octets are not those that were signed (DKIM);
#  - mail for a local part with a slash (an atom of RFC 5322) is taken with 250, and the API has no path to its mailbox:
#    404, the slash encoded or not;
#  - a quoted local part is taken only if it needs no quotes.
#
# Output seen:
#   source: CRLF CRLF CRLF LF LF LF LF LF
#   a/b@example.test: RCPT 250, mailbox a%2Fb 404, mailbox a/b 404
#   "ab"@example.test: RCPT 250, mailbox ab 200
#   "a b"@example.test: RCPT 501, mailbox a%20b 500
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
GOBIN=$work go install github.com/inbucket/inbucket/v3/cmd/inbucket@v3.2.0 2>install.log || { cat install.log >&2; exit 1; }

cat >try.py <<'PYTHON'
import http.client, re, smtplib, sys, time

def connect():
    for _ in range(100):
        try:
            return smtplib.SMTP('127.0.0.1', int(sys.argv[1]), local_hostname='client.example.test', timeout=10)
        except OSError:
            time.sleep(0.1)
    sys.exit('no server')

def get(path):
    connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[2]), timeout=10)
    connection.request('GET', f'/api/v1/mailbox/{path}')
    response = connection.getresponse()
    return response.status, response.read()

client = connect()
message = b'From: sender@example.test\r\nSubject: one\r\n\r\nfirst line\r\nsecond line\r\n'
client.sendmail('sender@example.test', ['one@example.test'], message)
source = get('one/1/source')[1]
print('source:', *('CRLF' if end == b'\r\n' else 'LF' for end in re.findall(rb'\r?\n', source)))
for address, *paths in ('a/b', 'a%2Fb', 'a/b'), ('"ab"', 'ab'), ('"a b"', 'a%20b'):
    client.mail('sender@example.test')
    rcpt, _ = client.rcpt(f'{address}@example.test')
    if rcpt == 250:
        client.data(message)
    client.rset()
    print(f'{address}@example.test: RCPT {rcpt},', ', '.join(f'mailbox {path} {get(path)[0]}' for path in paths))
PYTHON
read -r smtp web pop3 < <(python3 -c '
import socket
ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(port.getsockname()[1] for port in ports))')
INBUCKET_SMTP_ADDR=127.0.0.1:$smtp INBUCKET_WEB_ADDR=127.0.0.1:$web INBUCKET_POP3_ADDR=127.0.0.1:$pop3 ./inbucket >log 2>&1 &
server=$!
python3 try.py "$smtp" "$web" | tee output
cat >expected <<'TEXT'
source: CRLF CRLF CRLF LF LF LF LF LF
a/b@example.test: RCPT 250, mailbox a%2Fb 404, mailbox a/b 404
"ab"@example.test: RCPT 250, mailbox ab 200
"a b"@example.test: RCPT 501, mailbox a%20b 500
TEXT
diff expected output
