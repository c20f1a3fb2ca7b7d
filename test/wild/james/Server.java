import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.metrics.api.Metric;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.api.TimeMetric;
import org.apache.james.protocols.netty.NettyServer;
import org.apache.james.protocols.smtp.MailEnvelope;
import org.apache.james.protocols.smtp.SMTPConfigurationImpl;
import org.apache.james.protocols.smtp.SMTPProtocol;
import org.apache.james.protocols.smtp.SMTPProtocolHandlerChain;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MessageHook;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.reactivestreams.Publisher;

/** The SMTP of Apache James with its defaults: `Server PORT`. It takes everything, and counts; by HTTP: how much. */
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
    NettyServer server = new NettyServer.Factory()
        .protocol(new SMTPProtocol(
            new SMTPProtocolHandlerChain(new NoMetrics(), new TakesAll(), new Counts()),
            new SMTPConfigurationImpl()))
        .build();
    server.setListenAddresses(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    server.bind();
  }

  static class TakesAll implements RcptHook {
    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
      return HookResult.OK;
    }
  }

  static class Counts implements MessageHook {
    @Override
    public HookResult onMessage(SMTPSession session, MailEnvelope mail) {
      messages.increment();
      recipients.add(mail.getRecipients().size());
      return HookResult.OK;
    }
  }

  /** The library has no implementation of its own that measures nothing. */
  static class NoMetrics implements MetricFactory, Metric, TimeMetric, TimeMetric.ExecutionResult {
    @Override
    public Metric generate(String name) {
      return this;
    }

    @Override
    public TimeMetric timer(String name) {
      return this;
    }

    @Override
    public <T> Publisher<T> decoratePublisherWithTimerMetric(String name, Publisher<T> publisher) {
      return publisher;
    }

    @Override
    public <T> Publisher<T> decoratePublisherWithTimerMetricLogP99(String name, Publisher<T> publisher) {
      return publisher;
    }

    @Override
    public void increment() {}

    @Override
    public void decrement() {}

    @Override
    public void add(int value) {}

    @Override
    public void remove(int value) {}

    @Override
    public long getCount() {
      return 0;
    }

    @Override
    public String name() {
      return "none";
    }

    @Override
    public TimeMetric.ExecutionResult stopAndPublish() {
      return this;
    }

    @Override
    public Duration elasped() {
      return Duration.ZERO;
    }

    @Override
    public TimeMetric.ExecutionResult logWhenExceedP99(Duration threshold) {
      return this;
    }
  }
}
