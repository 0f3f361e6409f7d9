package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * A client that the service cannot shake off: each of its ways is a recommendation of the reference, part C. Any number of
 * threads may make videos at a time: they share one pool and one backoff. Its PINGs keep the connection from being idle, and
 * each call brings the heartbeat along as a header.
 *
 * It is on OkHttp, as the service's own SDK is. The HttpClient of JDK 17 closes its connection on GOAWAY, and with that every
 * call that would still have been answered (JDK-8335181); and it cannot send a PING.
 */
final class Hardened implements AutoCloseable {
    private static final int TRIES = 20;
    private static final Duration POLL_EVERY = Duration.ofSeconds(1);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    /** The service cuts a connection that has been idle for 8 s (reference, A1). */
    private static final Duration PING_EVERY = Duration.ofSeconds(3);
    private static final Duration CANCEL_LIMIT = Duration.ofSeconds(5);
    /** A task that was just created may not be found yet, on a replica that lags behind. */
    private static final Duration LAG_LIMIT = Duration.ofSeconds(30);
    private static final MediaType JSON = MediaType.get("application/json");
    private static final SecureRandom RANDOM = new SecureRandom();

    /** What bounds a client: an attempt at a call, connection and body included, and a video from its first attempt on. */
    record Limits(Duration attempt, Duration task) {}

    private final OkHttpClient http = new OkHttpClient.Builder()
            .connectTimeout(CONNECT_LIMIT)
            // Each attempt has a limit that covers its answer's body too.
            .readTimeout(Duration.ZERO)
            .writeTimeout(Duration.ZERO)
            .pingInterval(PING_EVERY)
            // It would repeat by itself, and at once, a call whose connection turns out to be gone.
            .retryOnConnectionFailure(false)
            .followRedirects(false)
            .build();
    private final Backoff backoff = new Backoff();
    private final Gate gate = new Gate();
    private final ResetRing resets;
    private final Limits limits;

    Hardened(ResetRing resets, Limits limits) {
        this.resets = resets;
        this.limits = limits;
    }

    /** Closes the connections: a thread that sends PINGs would keep the program from its end. */
    @Override
    public void close() {
        http.connectionPool().evictAll();
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
    private JsonNode call(Supplier<Ark.Ask> ask, Deadline deadline) throws IOException, InterruptedException {
        String traceId = randomHex(16);
        for (int tries = 1;; tries++) {
            pause(Backoff.noWait(), deadline);
            try {
                return send(ask.get(), traceId, tries, deadline);
            } catch (Failed failed) {
                waitAfter(failed, tries, deadline);
            }
        }
    }

    /** @param tries how often the call has been tried, this one included */
    private JsonNode send(Ark.Ask ask, String traceId, int tries, Deadline deadline)
            throws IOException, InterruptedException {
        String spanId = randomHex(8);
        Request request = new Request.Builder()
                .url(ask.url())
                .method(ask.method(), ask.json() == null ? null : RequestBody.create(JSON, ask.json()))
                .header("Authorization", Ark.AUTHORIZATION)
                .header("User-Agent", "hardened-java/1")
                .header("traceparent", "00-" + traceId + "-" + spanId + "-01")
                .header("x-client-timestamp", String.valueOf(System.currentTimeMillis()))
                .build();
        // A handshake that is cut has no connection to ask. Looked up where the call has to do it anyway, and not at the reset.
        InetSocketAddress remote = addressOf(request.url());
        boolean isFirst = gate.enter();
        boolean succeeded = false;
        try {
            // While it waited, the call before may have failed.
            pause(Backoff.noWait(), deadline);
            Answer answer = ask(request, deadline.left(limits.attempt()));
            succeeded = true;
            if (answer.status == 429 || answer.status >= 500) throw new Refused(answer);
            JsonNode body = Ark.read(answer.status, answer.body);
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

    private Answer ask(Request request, Duration limit) throws IOException {
        Call call = http.newCall(request);
        call.timeout().timeout(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS);
        try (Response response = call.execute()) {
            return new Answer(response.code(), response.header("Retry-After"), response.body().string());
        }
    }

    private void waitAfter(Failed failed, int tries, Deadline deadline) throws IOException, InterruptedException {
        if (tries == TRIES) throw failed;
        pause(failed.untilMs, deadline);
    }

    private void pause(long ownUntilMs, Deadline deadline) throws IOException, InterruptedException {
        deadline.sleep(Duration.ofMillis(backoff.leftMs(ownUntilMs)));
    }

    private static InetSocketAddress addressOf(HttpUrl url) {
        return new InetSocketAddress(url.host(), url.port());
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

    /** An answer that came whole. @param retryAfter null for none */
    private record Answer(int status, String retryAfter, String body) {}

    /** An answer that says: not now. */
    private static final class Refused extends IOException {
        final long retryAfterMs;
        /** Whether the service may have carried the call out all the same. */
        final boolean mayBeDone;

        Refused(Answer answer) {
            super("HTTP " + answer.status + ": " + answer.body);
            retryAfterMs = answer.retryAfter == null ? 0 : readRetryAfter(answer.retryAfter);
            mayBeDone = answer.status != 429;
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
