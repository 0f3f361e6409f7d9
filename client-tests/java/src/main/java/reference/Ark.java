package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Set;

/** What both reference clients have to know of the service. */
final class Ark {
    /** The most that a page of List holds. */
    static final int PAGE_SIZE = 500;

    private static final String TASKS = System.getenv("SEEDANCE_BASE_URL") + "/contents/generations/tasks";
    private static final String KEY = System.getenv().getOrDefault("ARK_API_KEY", "ark-reference");
    private static final Set<String> OVER = Set.of("succeeded", "failed", "cancelled", "expired");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Ark() {}

    /** @param mark what Get and List show of the task; null for none */
    static HttpRequest.Builder create(String mark) {
        ObjectNode body = JSON.createObjectNode().put("model", "doubao-seedance-2-0-260128");
        body.putArray("content").addObject().put("type", "text").put("text", "A lighthouse at dusk.");
        if (mark != null) body.put("safety_identifier", mark);
        return request(TASKS).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString()));
    }

    static HttpRequest.Builder get(String task) {
        return request(TASKS + "/" + task);
    }

    static HttpRequest.Builder cancel(String task) {
        return request(TASKS + "/" + task).DELETE();
    }

    /** Newest first. */
    static HttpRequest.Builder list(int page) {
        return request(TASKS + "?page_num=" + page + "&page_size=" + PAGE_SIZE);
    }

    static boolean isOver(String status) {
        return OVER.contains(status);
    }

    /**
     * @throws Unexpected for an answer that no further try would make better
     * @throws IOException for JSON that was cut on its way
     */
    static JsonNode read(HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() != 200) throw new Unexpected(answer);
        JsonNode body = JSON.readTree(answer.body());
        if (!body.isObject()) throw new IOException("the answer was cut on its way");
        return body;
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + KEY);
    }

    /** An answer that no further try would make better. */
    static final class Unexpected extends IllegalStateException {
        final int status;

        Unexpected(HttpResponse<String> answer) {
            super("HTTP " + answer.statusCode() + ": " + answer.body());
            status = answer.statusCode();
        }
    }
}
