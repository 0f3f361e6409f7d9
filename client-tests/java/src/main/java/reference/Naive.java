package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** A client as it is often written: what failed is sent once more, at once, a create as well. */
final class Naive {
    private static final int TRIES = 20;
    private static final int POLL_EVERY_MS = 20;

    private final HttpClient http = HttpClient.newHttpClient();

    String makeVideo() throws IOException, InterruptedException {
        String task = call(Ark.create(null)).get("id").asText();
        for (;;) {
            String status = call(Ark.get(task)).get("status").asText();
            if (Ark.isOver(status)) return status;
            Thread.sleep(POLL_EVERY_MS);
        }
    }

    private JsonNode call(HttpRequest.Builder builder) throws IOException, InterruptedException {
        HttpRequest request = builder.header("User-Agent", "naive-java/1").build();
        for (int tries = 1;; tries++) {
            try {
                HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
                if (answer.statusCode() < 429 || tries == TRIES) return Ark.read(answer);
            } catch (IOException error) {
                if (tries == TRIES) throw error;
            }
        }
    }
}
