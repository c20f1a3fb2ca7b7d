import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import org.subethamail.smtp.MessageHandler;
import org.subethamail.smtp.server.SMTPServer;

/** SubEtha SMTP with its defaults: `Server PORT`. It takes everything, and counts; by HTTP: how much. */
class Server {
  static final LongAdder messages = new LongAdder();
  static final LongAdder recipients = new LongAdder();

  public static void main(String[] args) throws Exception {
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext("/", exchange -> {
      byte[] line = (messages + " " + recipients + "\n").getBytes();
      exchange.sendResponseHeaders(200, line.length);
      exchange.getResponseBody().write(line);
      exchange.close();
    });
    http.start();
    Files.writeString(Path.of("/etc/mailstorm/count-port"), "" + http.getAddress().getPort());
    new SMTPServer.Builder()
        .bindAddress(InetAddress.getByName("127.0.0.1"))
        .port(Integer.parseInt(args[0]))
        .messageHandlerFactory(context -> new Counting())
        .build()
        .start();
  }

  /** Of one transaction. */
  static class Counting implements MessageHandler {
    private int taken;

    @Override
    public void from(String sender) {}

    @Override
    public void recipient(String recipient) {
      taken++;
    }

    @Override
    public String data(InputStream message) throws IOException {
      message.readAllBytes();
      messages.increment();
      recipients.add(taken);
      return null;
    }

    @Override
    public void done() {}
  }
}
