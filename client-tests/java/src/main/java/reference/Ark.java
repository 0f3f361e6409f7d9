package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Set;

/** What both reference clients have to know of the service. */
final class Ark {
    private static final String TASKS = System.getenv("SEEDANCE_BASE_URL") + "/contents/generations/tasks";
    private static final String LIGHTHOUSE =
            """
            {"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}""";
    private static final Set<String> OVER = Set.of("succeeded", "failed", "cancelled", "expired");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Ark() {}

    static HttpRequest.Builder create() {
        return request(TASKS).header("Content-Type", "application/json").POST(BodyPublishers.ofString(LIGHTHOUSE));
    }

    static HttpRequest.Builder get(String task) {
        return request(TASKS + "/" + task);
    }

    /** The newest, as many as one page holds. */
    static HttpRequest.Builder list() {
        return request(TASKS + "?page_num=1&page_size=500");
    }

    static boolean isOver(String status) {
        return OVER.contains(status);
    }

    /** @throws IllegalStateException for an answer that no further try would make better */
    static JsonNode read(HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() != 200) throw new IllegalStateException("HTTP " + answer.statusCode() + ": " + answer.body());
        return JSON.readTree(answer.body());
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer ark-reference");
    }
}
