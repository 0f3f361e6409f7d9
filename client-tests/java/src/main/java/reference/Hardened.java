package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.function.Supplier;

/**
 * A client that the service cannot shake off: each of its ways is a recommendation of the reference, part C. Any number of
 * threads may make videos at a time: they share one pool and one backoff. HttpClient cannot send a PING: its polls keep the
 * connection from being idle, and each call brings the heartbeat along as a header.
 */
final class Hardened {
    private static final int TRIES = 20;
    private static final Duration POLL_EVERY = Duration.ofSeconds(1);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration CANCEL_LIMIT = Duration.ofSeconds(5);
    /** A task that was just created may not be found yet, on a replica that lags behind. */
    private static final Duration LAG_LIMIT = Duration.ofSeconds(30);
    private static final SecureRandom RANDOM = new SecureRandom();

    static {
        // HttpClient repeats by itself, and at once, a GET whose connection turns out to be gone and any call that found none.
        System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
        System.setProperty("jdk.httpclient.disableRetryConnect", "true");
    }

    /** What bounds a client: an attempt at a call, connection and body included, and a video from its first attempt on. */
    record Limits(Duration attempt, Duration task) {}

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_LIMIT).build();
    private final Backoff backoff = new Backoff();
    private final Gate gate = new Gate();
    private final ResetRing resets;
    private final Limits limits;

    Hardened(ResetRing resets, Limits limits) {
        this.resets = resets;
        this.limits = limits;
    }

    String makeVideo() throws IOException, InterruptedException {
        Deadline deadline = new Deadline(limits.task());
        String task = create(deadline);
        try {
            return follow(task, deadline);
        } catch (IOException | IllegalStateException failure) {
            cancel(task);
            throw failure;
        }
    }

    /**
     * A create that failed may have been carried out. By its mark, and by nothing else, its task is known again in the list: other
     * calls and other processes create tasks under the same key.
     */
    private String create(Deadline deadline) throws IOException, InterruptedException {
        String mark = "video-" + randomHex(16);
        String traceId = randomHex(16);
        for (int tries = 1;; tries++) {
            pause(Backoff.noWait(), deadline);
            boolean mayBeDone;
            try {
                return send(Ark.create(mark), traceId, tries, deadline).get("id").asText();
            } catch (Failed failed) {
                waitAfter(failed, tries, deadline);
                mayBeDone = failed.mayBeDone;
            }
            String found = mayBeDone ? find(mark, deadline) : null;
            if (found != null) return found;
        }
    }

    private String follow(String task, Deadline deadline) throws IOException, InterruptedException {
        Deadline visible = new Deadline(LAG_LIMIT);
        for (;;) {
            try {
                String status = call(() -> Ark.get(task), deadline).path("status").asText();
                if (Ark.isOver(status)) return status;
            } catch (Ark.Unexpected answer) {
                if (answer.status != 404 || visible.isOver()) throw answer;
            }
            deadline.sleep(POLL_EVERY);
        }
    }

    /** New tasks move older ones to later pages, and none between two. */
    private String find(String mark, Deadline deadline) throws IOException, InterruptedException {
        for (int page = 1;; page++) {
            int number = page;
            JsonNode list = call(() -> Ark.list(number), deadline);
            for (JsonNode task : list.get("items"))
                if (mark.equals(task.path("safety_identifier").asText())) return task.get("id").asText();
            if (page * Ark.PAGE_SIZE >= list.get("total").asInt()) return null;
        }
    }

    /** Best effort: what runs already cannot be cancelled. */
    private void cancel(String task) throws InterruptedException {
        try {
            send(Ark.cancel(task), randomHex(16), 1, new Deadline(CANCEL_LIMIT));
        } catch (IOException | IllegalStateException refused) {
            // It runs on, and is paid for.
        }
    }

    /** Makes a call that may be repeated, until it succeeds. */
    private JsonNode call(Supplier<HttpRequest.Builder> request, Deadline deadline) throws IOException, InterruptedException {
        String traceId = randomHex(16);
        for (int tries = 1;; tries++) {
            pause(Backoff.noWait(), deadline);
            try {
                return send(request.get(), traceId, tries, deadline);
            } catch (Failed failed) {
                waitAfter(failed, tries, deadline);
            }
        }
    }

    /** @param tries how often the call has been tried, this one included */
    private JsonNode send(HttpRequest.Builder builder, String traceId, int tries, Deadline deadline)
            throws IOException, InterruptedException {
        String spanId = randomHex(8);
        HttpRequest request = builder.header("User-Agent", "hardened-java/1")
                .header("traceparent", "00-" + traceId + "-" + spanId + "-01")
                .header("x-client-timestamp", String.valueOf(System.currentTimeMillis()))
                .build();
        // HttpClient does not tell its peer. Looked up here, where the call has to do it anyway, and not at the reset.
        InetSocketAddress remote = addressOf(request.uri());
        boolean isFirst = gate.enter();
        boolean succeeded = false;
        try {
            // While it waited, the call before may have failed.
            pause(Backoff.noWait(), deadline);
            HttpResponse<String> answer = WholeAnswer.send(http, request, deadline.left(limits.attempt()));
            succeeded = true;
            if (answer.statusCode() == 429 || answer.statusCode() >= 500) throw new Refused(answer);
            JsonNode body = Ark.read(answer);
            backoff.noteSuccess();
            return body;
        } catch (IOException failure) {
            if (Reset.isReset(failure)) resets.offer(Reset.of(failure, request, remote, traceId, spanId));
            // Noted before the gate lets the next call pass.
            Refused refused = failure instanceof Refused answer ? answer : null;
            long untilMs = backoff.noteFailure(tries, refused == null ? 0 : refused.retryAfterMs);
            throw new Failed(failure, untilMs, refused == null || refused.mayBeDone);
        } finally {
            if (isFirst) gate.tell(succeeded);
            else if (!succeeded) gate.noteFailure();
        }
    }

    private void waitAfter(Failed failed, int tries, Deadline deadline) throws IOException, InterruptedException {
        if (tries == TRIES) throw failed;
        pause(failed.untilMs, deadline);
    }

    private void pause(long ownUntilMs, Deadline deadline) throws IOException, InterruptedException {
        deadline.sleep(Duration.ofMillis(backoff.leftMs(ownUntilMs)));
    }

    private static InetSocketAddress addressOf(URI url) {
        return new InetSocketAddress(url.getHost(), url.getPort() == -1 ? 443 : url.getPort());
    }

    private static String randomHex(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** An attempt that failed. */
    private static final class Failed extends IOException {
        /** Until when the call has to wait. */
        final long untilMs;
        /** Whether the service may have carried the call out all the same. */
        final boolean mayBeDone;

        Failed(IOException cause, long untilMs, boolean mayBeDone) {
            super(cause.getMessage(), cause);
            this.untilMs = untilMs;
            this.mayBeDone = mayBeDone;
        }
    }

    /** An answer that says: not now. */
    private static final class Refused extends IOException {
        final long retryAfterMs;
        /** Whether the service may have carried the call out all the same. */
        final boolean mayBeDone;

        Refused(HttpResponse<String> answer) {
            super("HTTP " + answer.statusCode() + ": " + answer.body());
            retryAfterMs = answer.headers().firstValue("Retry-After").map(Refused::readRetryAfter).orElse(0L);
            mayBeDone = answer.statusCode() != 429;
        }

        /** Seconds, or a date (RFC 9110, section 10.2.3). 0 for what is neither. */
        private static long readRetryAfter(String value) {
            if (value.matches("\\d{1,9}")) return 1_000 * Long.parseLong(value);
            try {
                Instant at = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(value));
                return Math.max(0, Duration.between(Instant.now(), at).toMillis());
            } catch (DateTimeException unreadable) {
                return 0;
            }
        }
    }
}
