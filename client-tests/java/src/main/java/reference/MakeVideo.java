package reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Makes videos with a reference client: the one that a service can shake off, on the JDK's own HttpClient, or the one that it
 * cannot, on OkHttp. Prints JSON.
 *
 * <pre>
 * reference.MakeVideo naive | hardened [VIDEOS [AT_A_TIME [ATTEMPT_LIMIT_MS [TASK_LIMIT_MS]]]]
 * </pre>
 *
 * Where the hardened one tells of resets is set by OpenTelemetry's own variables:
 *
 * <pre>
 * OTEL_EXPORTER_OTLP_LOGS_ENDPOINT  the whole URL; left out, nobody is told
 * OTEL_BLRP_SCHEDULE_DELAY          milliseconds from batch to batch
 * OTEL_BLRP_MAX_QUEUE_SIZE          how many snapshots are kept until then
 * </pre>
 */
public final class MakeVideo {
    private static final String SEND_EVERY_MS = "1000";
    private static final String RESETS_KEPT = "512";
    private static final long ATTEMPT_LIMIT_MS = 60_000;
    private static final long TASK_LIMIT_MS = 1_800_000;

    public static void main(String[] words) throws Exception {
        int videos = (int) numberAt(words, 1, 1);
        Duration attempt = Duration.ofMillis(numberAt(words, 3, ATTEMPT_LIMIT_MS));
        Duration task = Duration.ofMillis(numberAt(words, 4, TASK_LIMIT_MS));
        List<String> statuses;
        try (Hardened hardened = new Hardened(keepResets(), new Hardened.Limits(attempt, task))) {
            Callable<String> maker = words[0].equals("naive") ? () -> new Naive().makeVideo() : hardened::makeVideo;
            statuses = makeVideos(maker, videos, (int) numberAt(words, 2, 1));
        }
        Map<String, Object> made = videos == 1 ? Map.of("status", statuses.get(0)) : Map.of("statuses", statuses);
        System.out.println(new ObjectMapper().writeValueAsString(made));
    }

    private static List<String> makeVideos(Callable<String> maker, int videos, int atATime) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(atATime);
        try {
            List<String> statuses = new ArrayList<>();
            for (Future<String> made : threads.invokeAll(Collections.nCopies(videos, maker))) statuses.add(made.get());
            return statuses;
        } finally {
            threads.shutdown();
        }
    }

    private static long numberAt(String[] words, int place, long otherwise) {
        return words.length > place ? Long.parseLong(words[place]) : otherwise;
    }

    private static ResetRing keepResets() {
        Map<String, String> setting = System.getenv();
        ResetRing resets = new ResetRing(Integer.parseInt(setting.getOrDefault("OTEL_BLRP_MAX_QUEUE_SIZE", RESETS_KEPT)));
        String collector = setting.get("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
        long everyMs = Long.parseLong(setting.getOrDefault("OTEL_BLRP_SCHEDULE_DELAY", SEND_EVERY_MS));
        if (collector != null) new ResetSender(resets, URI.create(collector)).start(everyMs);
        return resets;
    }
}
