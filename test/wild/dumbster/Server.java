import com.dumbster.smtp.SimpleSmtpServer;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** dumbster: `Server PORT`. By HTTP: how many messages it holds. */
class Server {
  public static void main(String[] args) throws Exception {
    SimpleSmtpServer dumbster = SimpleSmtpServer.start(Integer.parseInt(args[0]));
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext("/", exchange -> {
      byte[] line = (dumbster.getReceivedEmailSize() + " -" + "\n").getBytes();
      exchange.sendResponseHeaders(200, line.length);
      exchange.getResponseBody().write(line);
      exchange.close();
    });
    http.start();
    Files.writeString(Path.of("/etc/mailstorm/count-port"), "" + http.getAddress().getPort());
  }
}
