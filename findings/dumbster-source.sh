#!/usr/bin/env bash
# dumbster 1.6+debian-4 (libdumbster-java of Debian 12) with OpenJDK 17. Seen on 2026-11-30.
#
# What a test reads of a message is not what was sent, without an error:
#  - of a folded field only the first line is left: the second recipient in To is missing.
#  - lines of the text are joined, except at blank lines, and dots at their beginning stay doubled.
# And RSET takes a session back to before EHLO: MAIL and even QUIT get "503 Bad sequence of commands".
#
# Output seen:
#   RSET 250, MAIL 503, QUIT 503, HELO 250, MAIL 250
#   To: [one@example.test,]
#   text: [first line..second line
#   third paragraph
#   last line]
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq libdumbster-java=1.6+debian-4 libmail-java 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done

cat >Dumbster.java <<'JAVA'
import com.dumbster.smtp.SimpleSmtpServer;
import com.dumbster.smtp.SmtpMessage;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

class Dumbster {
  static OutputStream out;
  static BufferedReader in;

  public static void main(String[] args) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    SimpleSmtpServer server = SimpleSmtpServer.start(port);
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(10_000);
    out = socket.getOutputStream();
    in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
    in.readLine();
    say("EHLO client.test");
    String mail = "MAIL FROM:<a@example.test>";
    System.out.printf("RSET %s, MAIL %s, QUIT %s, HELO %s, MAIL %s%n",
        say("RSET"), say(mail), say("QUIT"), say("HELO client.test"), say(mail));
    say("RCPT TO:<one@example.test>");
    say("RCPT TO:<two@example.test>");
    say("DATA");
    say(String.join("\r\n",
        "From: a@example.test", "To: one@example.test,", " two@example.test", "Subject: folded", "",
        "first line", "..second line", "", "third paragraph", "", "last line", "."));
    say("QUIT");
    SmtpMessage message = (SmtpMessage) server.getReceivedEmail().next();
    System.out.printf("To: [%s]%ntext: [%s]%n", message.getHeaderValue("To"), message.getBody());
    System.exit(0);
  }

  static String say(String line) throws Exception {
    out.write((line + "\r\n").getBytes());
    return in.readLine().substring(0, 3);
  }
}
JAVA
java -cp 'usr/share/java/*' Dumbster.java | tee said
[ "$(cat said)" = 'RSET 250, MAIL 503, QUIT 503, HELO 250, MAIL 250
To: [one@example.test,]
text: [first line..second line
third paragraph
last line]' ]
