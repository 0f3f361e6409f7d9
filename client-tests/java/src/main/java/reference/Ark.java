package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Set;

/** What both reference clients have to know of the service, whatever HTTP library they use. */
final class Ark {
    /** The most that a page of List holds. */
    static final int PAGE_SIZE = 500;

    private static final String TASKS = System.getenv("SEEDANCE_BASE_URL") + "/contents/generations/tasks";
    /** Value of the Authorization header. */
    static final String AUTHORIZATION = "Bearer " + System.getenv().getOrDefault("ARK_API_KEY", "ark-reference");
    private static final Set<String> OVER = Set.of("succeeded", "failed", "cancelled", "expired");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Ark() {}

    /** A call, before any HTTP library knows of it. @param json its body; null for none */
    record Ask(String method, String url, String json) {}

    /** @param mark what Get and List show of the task; null for none */
    static Ask create(String mark) {
        ObjectNode body = JSON.createObjectNode().put("model", "doubao-seedance-2-0-260128");
        body.putArray("content").addObject().put("type", "text").put("text", "A lighthouse at dusk.");
        if (mark != null) body.put("safety_identifier", mark);
        return new Ask("POST", TASKS, body.toString());
    }

    static Ask get(String task) {
        return new Ask("GET", TASKS + "/" + task, null);
    }

    static Ask cancel(String task) {
        return new Ask("DELETE", TASKS + "/" + task, null);
    }

    /** Newest first. */
    static Ask list(int page) {
        return new Ask("GET", TASKS + "?page_num=" + page + "&page_size=" + PAGE_SIZE, null);
    }

    static boolean isOver(String status) {
        return OVER.contains(status);
    }

    /**
     * @throws Unexpected for an answer that no further try would make better
     * @throws IOException for JSON that was cut on its way
     */
    static JsonNode read(int status, String answer) throws IOException {
        if (status != 200) throw new Unexpected(status, answer);
        JsonNode body = JSON.readTree(answer);
        if (!body.isObject()) throw new IOException("the answer was cut on its way");
        return body;
    }

    /** An answer that no further try would make better. */
    static final class Unexpected extends IllegalStateException {
        final int status;

        Unexpected(int status, String answer) {
            super("HTTP " + status + ": " + answer);
            this.status = status;
        }
    }
}
