package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A client that the service cannot shake off: each of its ways is a recommendation of the reference, part C. HttpClient cannot
 * send a PING: its polls keep the connection from being idle, and each call brings the heartbeat along as a header.
 */
final class Hardened {
    private static final int TRIES = 20;
    private static final long POLL_EVERY_MS = 1_000;
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration CALL_LIMIT = Duration.ofSeconds(60);
    private static final SecureRandom RANDOM = new SecureRandom();

    static {
        // HttpClient repeats by itself, and at once, a GET whose connection turns out to be gone and any call that found none.
        System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
        System.setProperty("jdk.httpclient.disableRetryConnect", "true");
    }

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_LIMIT).build();
    private final Backoff backoff = new Backoff();
    private final ResetRing resets;

    Hardened(ResetRing resets) {
        this.resets = resets;
    }

    String makeVideo() throws IOException, InterruptedException {
        String task = create();
        for (;;) {
            String status = call(() -> Ark.get(task)).get("status").asText();
            if (Ark.isOver(status)) return status;
            Thread.sleep(POLL_EVERY_MS);
        }
    }

    /** A create that failed may have been carried out: a task that is in the list now, and was not before, is the one. */
    private String create() throws IOException, InterruptedException {
        Set<String> before = new HashSet<>(listTasks());
        String traceId = randomHex(16);
        for (int tries = 1;; tries++) {
            try {
                return send(Ark.create(), traceId).get("id").asText();
            } catch (IOException failure) {
                waitAfter(failure, tries);
            }
            for (String task : listTasks()) if (!before.contains(task)) return task;
        }
    }

    private List<String> listTasks() throws IOException, InterruptedException {
        return call(Ark::list).get("items").findValuesAsText("id");
    }

    /** Makes a call that may be repeated, until it succeeds. */
    private JsonNode call(Supplier<HttpRequest.Builder> request) throws IOException, InterruptedException {
        String traceId = randomHex(16);
        for (int tries = 1;; tries++) {
            try {
                return send(request.get(), traceId);
            } catch (IOException failure) {
                waitAfter(failure, tries);
            }
        }
    }

    private JsonNode send(HttpRequest.Builder builder, String traceId) throws IOException, InterruptedException {
        String spanId = randomHex(8);
        HttpRequest request = builder.header("User-Agent", "hardened-java/1")
                .header("traceparent", "00-" + traceId + "-" + spanId + "-01")
                .header("x-client-timestamp", String.valueOf(System.currentTimeMillis()))
                .build();
        // HttpClient does not tell its peer. Looked up here, where the call has to do it anyway, and not at the reset.
        InetSocketAddress remote = addressOf(request.uri());
        try {
            HttpResponse<String> answer = WholeAnswer.send(http, request, CALL_LIMIT);
            if (answer.statusCode() == 429 || answer.statusCode() >= 500) throw new Refused(answer);
            backoff.noteSuccess();
            return Ark.read(answer);
        } catch (IOException failure) {
            if (Reset.isReset(failure)) resets.offer(Reset.of(failure, request, remote, traceId, spanId));
            throw failure;
        }
    }

    private void waitAfter(IOException failure, int tries) throws IOException, InterruptedException {
        if (tries == TRIES) throw failure;
        long askedMs = failure instanceof Refused refused ? refused.retryAfterMs : 0;
        Thread.sleep(Math.max(askedMs, backoff.noteFailureMs()));
    }

    private static InetSocketAddress addressOf(URI url) {
        return new InetSocketAddress(url.getHost(), url.getPort() == -1 ? 443 : url.getPort());
    }

    private static String randomHex(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** An answer that says: not now. */
    private static final class Refused extends IOException {
        final long retryAfterMs;

        Refused(HttpResponse<String> answer) {
            super("HTTP " + answer.statusCode() + ": " + answer.body());
            retryAfterMs = 1_000 * answer.headers().firstValueAsLong("Retry-After").orElse(0);
        }
    }
}
