import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** GreenMail as a test has it: `Server PORT`. By HTTP: how many messages all mailboxes hold; each recipient has one. */
class Server {
  public static void main(String[] args) throws Exception {
    GreenMail greenMail = new GreenMail(new ServerSetup(Integer.parseInt(args[0]), "127.0.0.1", "smtp"));
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext("/", exchange -> {
      byte[] line = ("- " + greenMail.getReceivedMessages().length + "\n").getBytes();
      exchange.sendResponseHeaders(200, line.length);
      exchange.getResponseBody().write(line);
      exchange.close();
    });
    http.start();
    Files.writeString(Path.of("/etc/mailstorm/count-port"), "" + http.getAddress().getPort());
    greenMail.start();
  }
}
