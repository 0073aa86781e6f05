import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

import io.netty.handler.ssl.SslContextBuilder;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.netty.http.client.HttpClient;
import se.swedenconnect.bankid.rpapi.service.DataToSign;
import se.swedenconnect.bankid.rpapi.service.SignatureRequest;
import se.swedenconnect.bankid.rpapi.service.impl.AbstractQRGenerator;
import se.swedenconnect.bankid.rpapi.service.impl.BankIDClientImpl;

/** Sweden Connect's BankID client against the simulator: sign, scan, approve, collect, cancel. */
class Judge {
  public static void main(String[] words) throws Exception {
    String folder = words[0], api = words[1], phone = words[2];
    var keys = KeyStore.getInstance("PKCS12");
    try (InputStream file = new FileInputStream(folder + "/client.p12")) {
      keys.load(file, "qwerty123".toCharArray());
    }
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, "qwerty123".toCharArray());
    var roots = KeyStore.getInstance(KeyStore.getDefaultType());
    roots.load(null);
    try (InputStream file = new FileInputStream(folder + "/ca.pem")) {
      roots.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    var trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(roots);
    var tls = SslContextBuilder.forClient().keyManager(own).trustManager(trusted).build();
    var http = HttpClient.create().secure(it -> it.sslContext(tls));
    var web = WebClient.builder().clientConnector(new ReactorClientHttpConnector(http));
    var client = new BankIDClientImpl("judge", web.baseUrl(api).build(), new Code());
    var app = web.baseUrl(phone).build();

    var data = new DataToSign();
    data.setDisplayText("Jag skriver under protokollet för Åkerö.");
    var order = client.sign(new SignatureRequest("127.0.0.1", data, null)).block();
    System.out.println(client.collect(order.getOrderReference()).block().getHintCode());
    String code = new String(client.getQRGenerator().generateAnimatedQRCodeImage(
        order.getQrStartToken(), order.getQrStartSecret(), order.getOrderTime()));
    act(app, "{\"person\": \"Tolvan\", \"action\": \"scan\", \"qr\": \"" + code + "\"}");
    act(app, "{\"person\": \"Tolvan\", \"action\": \"approve\"}");
    var done = client.collect(order.getOrderReference()).block();
    System.out.println(done.getStatus() + " " + done.getCompletionData().getUser().getName());
    var other = client.sign(new SignatureRequest("127.0.0.1", data, null)).block();
    client.cancel(other.getOrderReference()).block();
    try {
      System.out.println(client.collect(other.getOrderReference()).block().getStatus());
    } catch (Exception gone) {
      System.out.println(gone.getClass().getSimpleName());
    }
    System.exit(0);
  }

  static void act(WebClient app, String body) {
    app.post().uri("/app/act").contentType(MediaType.APPLICATION_JSON).bodyValue(body).retrieve().toBodilessEntity().block();
  }

  /** The library's code, as text instead of an image. */
  static class Code extends AbstractQRGenerator {
    @Override
    public byte[] generateQRCodeImage(String text, int size, ImageFormat format) {
      return text.getBytes();
    }

    @Override
    public byte[] generateAnimatedQRCodeImage(String token, String secret, Instant ordered, int size, ImageFormat format) {
      try {
        return buildAnimatedInput(token, secret, ordered).getBytes();
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    }
  }
}
