package reference;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import okhttp3.Request;

/** A snapshot of a call at the moment when it learned of its reset (reference, C5). */
record Reset(long atMs, String traceId, String spanId, String call, InetSocketAddress remote, String reason) {
    /** There are only words for it: for a connection, for one that was reset before, for a stream, and for a handshake, where a
     * reset and a FIN look the same. */
    private static final Pattern SAYS_RESET =
            Pattern.compile("Connection reset|Broken pipe|stream was reset|Remote host (terminated|closed)");

    static boolean isReset(IOException failure) {
        return SAYS_RESET.matcher(String.valueOf(failure.getMessage())).find();
    }

    static Reset of(IOException failure, Request request, InetSocketAddress remote, String traceId, String spanId) {
        String call = request.method() + " " + request.url().encodedPath();
        return new Reset(System.currentTimeMillis(), traceId, spanId, call, remote, failure.getMessage());
    }

    /** As OTLP writes a log record in JSON: 64-bit numbers are text. */
    Map<String, Object> toLogRecord() {
        String address = remote.isUnresolved() ? remote.getHostString() : remote.getAddress().getHostAddress();
        return Map.of(
                "timeUnixNano", atMs + "000000",
                "severityNumber", 13,
                "severityText", "WARN",
                "eventName", "call.reset",
                "body", Map.of("stringValue", call + ": " + reason),
                "traceId", traceId,
                "spanId", spanId,
                "attributes", List.of(
                        Map.of("key", "network.peer.address", "value", Map.of("stringValue", address)),
                        Map.of("key", "network.peer.port", "value", Map.of("intValue", String.valueOf(remote.getPort())))));
    }
}
