import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** seedance-mock with Testcontainers for Java: starts it, makes a task, and prints the task and the verdict as JSON. */
final class Recipe {
    private static final String IMAGE = Objects.requireNonNullElse(System.getenv("SEEDANCE_MOCK_IMAGE"), "seedance-mock");
    private static final String LIGHTHOUSE =
            """
            {"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}""";

    /** What the admin API asks for: the container's port is open to more than this program. */
    private static final String TOKEN = "only-for-this-test";

    private Recipe() {}

    public static void main(String[] args) throws Exception {
        try (var mock = new GenericContainer<>(DockerImageName.parse(IMAGE))
                .withCommand("serve", "alpn-required", "--host", "0.0.0.0", "--admin-host", "0.0.0.0")
                .withEnv("SEEDANCE_MOCK_ADMIN_TOKEN", TOKEN)
                .withExposedPorts(8443, 8480)
                .waitingFor(Wait.forHttp("/health/ready").forPort(8480))) {
            mock.start();
            String url = "https://%s:%d/api/v3".formatted(mock.getHost(), mock.getMappedPort(8443));
            String admin = "http://%s:%d".formatted(mock.getHost(), mock.getMappedPort(8480));

            HttpClient plain = HttpClient.newHttpClient();
            String ca = send(plain, HttpRequest.newBuilder(URI.create(admin + "/ca.pem")));
            HttpClient client = HttpClient.newBuilder().sslContext(trust(ca)).build();
            String created = send(client, HttpRequest.newBuilder(URI.create(url + "/contents/generations/tasks"))
                    .header("Authorization", "Bearer any")
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(LIGHTHOUSE)));

            // Behind Docker's proxy for published ports a reset arrives as a FIN: ?resets=fin makes what depends on it inconclusive.
            String report = send(plain, HttpRequest.newBuilder(URI.create(admin + "/report?final=true"))
                    .header("Authorization", "Bearer " + TOKEN));
            System.out.printf("{\"created\":%s,\"report\":%s}", created, report);
        }
    }

    private static String send(HttpClient client, HttpRequest.Builder request) throws Exception {
        var answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IllegalStateException(answer.statusCode() + " " + answer.body());
        return answer.body();
    }

    private static SSLContext trust(String ca) throws Exception {
        var pem = new ByteArrayInputStream(ca.getBytes(StandardCharsets.UTF_8));
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        store.setCertificateEntry("seedance-mock", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
