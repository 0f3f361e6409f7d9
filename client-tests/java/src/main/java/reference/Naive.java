package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** A client as it is often written, on the HttpClient of the JDK: what failed is sent once more, at once, a create as well. */
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

    private JsonNode call(Ark.Ask ask) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(ask.url()))
                .method(ask.method(), ask.json() == null ? BodyPublishers.noBody() : BodyPublishers.ofString(ask.json()))
                .header("Authorization", Ark.AUTHORIZATION)
                .header("User-Agent", "naive-java/1")
                .build();
        for (int tries = 1;; tries++) {
            try {
                HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
                if (answer.statusCode() < 429 || tries == TRIES) return Ark.read(answer.statusCode(), answer.body());
            } catch (IOException error) {
                if (tries == TRIES) throw error;
            }
        }
    }
}
