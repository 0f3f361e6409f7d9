package reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPOutputStream;

/**
 * Sends snapshots to an OpenTelemetry collector: OTLP over HTTP in JSON, compressed, a batch at a time, on a thread of its own.
 * No more is kept here than one batch that has not been taken yet.
 */
final class ResetSender {
    private static final Duration SEND_LIMIT = Duration.ofSeconds(10);
    private static final Duration EXIT_LIMIT = Duration.ofSeconds(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ResetRing resets;
    private final URI collector;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(ResetSender::makeDaemon);
    private List<Reset> batch = List.of();
    /** How many the collector refused for good. */
    private long refused;
    /** How many it has been told that it will never see. */
    private long lossTold;

    ResetSender(ResetRing resets, URI collector) {
        this.resets = resets;
        this.collector = collector;
    }

    /** Sends from now on, and what is left when the program ends, however it does. */
    void start(long everyMs) {
        thread.scheduleWithFixedDelay(this::send, everyMs, everyMs, TimeUnit.MILLISECONDS);
        Runtime.getRuntime().addShutdownHook(new Thread(this::flush));
    }

    /** @return whether everything has left; what has not is tried again next time */
    private boolean send() {
        do {
            if (batch.isEmpty()) batch = resets.drain();
        } while (!batch.isEmpty() && post());
        return batch.isEmpty();
    }

    private void flush() {
        try {
            if (thread.submit(this::send).get(EXIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) return;
        } catch (InterruptedException | ExecutionException | TimeoutException error) {
            // Told below.
        }
        System.err.println("some resets could not be told to " + collector);
    }

    private boolean post() {
        long lost = resets.dropped() + refused;
        try {
            HttpRequest request = HttpRequest.newBuilder(collector)
                    .header("Content-Type", "application/json")
                    .header("Content-Encoding", "gzip")
                    .POST(BodyPublishers.ofByteArray(compress(describe(lost - lossTold))))
                    .build();
            int status = WholeAnswer.send(http, request, SEND_LIMIT).statusCode();
            if (status == 429 || status >= 500) return false;
            if (status < 300) lossTold = lost;
            else refused += batch.size();
            batch = List.of();
            return true;
        } catch (IOException | InterruptedException error) {
            return false;
        }
    }

    private Map<String, Object> describe(long lost) {
        List<Object> records = new ArrayList<>();
        for (Reset reset : batch) records.add(reset.toLogRecord());
        if (lost > 0) records.add(Map.of("eventName", "resets.dropped", "body", Map.of("intValue", String.valueOf(lost))));
        Map<String, Object> service = Map.of("key", "service.name", "value", Map.of("stringValue", "hardened-java"));
        return Map.of("resourceLogs", List.of(Map.of(
                "resource", Map.of("attributes", List.of(service)),
                "scopeLogs", List.of(Map.of("scope", Map.of("name", "reference.resets"), "logRecords", records)))));
    }

    private static byte[] compress(Object document) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            JSON.writeValue(gzip, document);
        }
        return bytes.toByteArray();
    }

    private static Thread makeDaemon(Runnable work) {
        Thread thread = new Thread(work, "reset-sender");
        thread.setDaemon(true);
        return thread;
    }
}
