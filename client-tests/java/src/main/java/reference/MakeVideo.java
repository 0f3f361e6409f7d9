package reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.Map;

/**
 * Makes a video with a reference client: the one that a service can shake off, or the one that it cannot. Both are on the JDK's
 * own HttpClient. Prints JSON.
 *
 * <pre>
 * reference.MakeVideo naive | hardened
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

    public static void main(String[] words) throws Exception {
        String status = words[0].equals("naive") ? new Naive().makeVideo() : new Hardened(keepResets()).makeVideo();
        System.out.println(new ObjectMapper().writeValueAsString(Map.of("status", status)));
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
