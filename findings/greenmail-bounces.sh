#!/usr/bin/env bash
# GreenMail 2.1.3 (com.icegreen on Maven Central) with OpenJDK 17. Seen on 2026-11-30.
#
# It answers MAIL FROM:<>, the sender of bounces and of many automatic replies, by 250, and the recipient behind it by
# "503 MAIL must come before RCPT": no such message can be tested with it (RFC 5321 4.5.5), and the error names another cause.
#
# Output seen:
#   MAIL FROM:<>: 250 OK, RCPT: 503 MAIL must come before RCPT
#   MAIL FROM:<a@example.test>: 250 OK, RCPT: 250 OK
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>test</artifactId><version>1</version>
<dependencies><dependency>
  <groupId>com.icegreen</groupId><artifactId>greenmail</artifactId><version>2.1.3</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars >/dev/null
cat >Bounces.java <<'JAVA'
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;

class Bounces {
  public static void main(String[] args) {
    GreenMail greenMail = new GreenMail(new ServerSetup(0, "127.0.0.1", "smtp"));
    greenMail.start();
    System.out.println(greenMail.getSmtp().getPort());
  }
}
JAVA
mkfifo of-server
java -cp 'jars/*' Bounces.java >of-server 2>/dev/null &
server=$!
read -r port <of-server
python3 - "$port" <<'PYTHON' | tee said
import smtplib, sys

for sender in '<>', '<a@example.test>':
    with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=30) as client:
        client.ehlo()
        mail, recipient = client.docmd('MAIL', 'FROM:' + sender), client.docmd('RCPT', 'TO:<b@example.test>')
        print(f'MAIL FROM:{sender}: {mail[0]} {mail[1].decode()}, RCPT: {recipient[0]} {recipient[1].decode()}')
PYTHON
[ "$(cat said)" = 'MAIL FROM:<>: 250 OK, RCPT: 503 MAIL must come before RCPT
MAIL FROM:<a@example.test>: 250 OK, RCPT: 250 OK' ]
