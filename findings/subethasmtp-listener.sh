#!/usr/bin/env bash
# subethasmtp 7.1.3 (com.github.davidmoten on Maven Central). Seen on 2026-11-30.
#
# The listener of its README, Builder.messageHandler((context, from, to, data) -> …), is called once to a
# message, with the last of its recipients: all others were answered by 250, and nobody hears of them.
# simpleMessageListener (which Wiser is built on) is called for each recipient.
#
# Output seen:
#   messageHandler: 3 recipients taken, called for [three@example.test]
#   simpleMessageListener: 3 recipients taken, called for [one@example.test, two@example.test, three@example.test]
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>test</artifactId><version>1</version>
<dependencies><dependency>
  <groupId>com.github.davidmoten</groupId><artifactId>subethasmtp</artifactId><version>7.1.3</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars >/dev/null

cat >Listeners.java <<'JAVA'
import java.io.InputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.subethamail.smtp.client.SmartClient;
import org.subethamail.smtp.helper.SimpleMessageListener;
import org.subethamail.smtp.server.SMTPServer;

class Listeners {
  public static void main(String[] args) throws Exception {
    List<String> called = new ArrayList<>();
    send("messageHandler", builder().messageHandler((context, from, to, data) -> called.add(to)).build(), called);
    send("simpleMessageListener", builder().simpleMessageListener(new SimpleMessageListener() {
      public boolean accept(String from, String to) {
        return true;
      }
      public void deliver(String from, String to, InputStream data) {
        called.add(to);
      }
    }).build(), called);
    System.exit(0);
  }

  static SMTPServer.Builder builder() throws Exception {
    return new SMTPServer.Builder().bindAddress(InetAddress.getLoopbackAddress()).port(0);
  }

  static void send(String name, SMTPServer server, List<String> called) throws Exception {
    called.clear();
    server.start();
    SmartClient client = SmartClient.createAndConnect("127.0.0.1", server.getPortAllocated(), "client.test");
    client.from("sender@example.test");
    for (String to : List.of("one", "two", "three")) client.to(to + "@example.test");
    client.dataStart();
    byte[] text = "Subject: to three\r\n\r\ntext\r\n".getBytes();
    client.dataWrite(text, text.length);
    client.dataEnd();
    System.out.println(name + ": " + client.getRecipientCount() + " recipients taken, called for " + called);
    client.quit();
  }
}
JAVA
java -cp 'jars/*' Listeners.java 2>/dev/null | tee said
[ "$(cat said)" = 'messageHandler: 3 recipients taken, called for [three@example.test]
simpleMessageListener: 3 recipients taken, called for [one@example.test, two@example.test, three@example.test]' ]
