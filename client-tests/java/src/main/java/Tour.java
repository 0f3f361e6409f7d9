import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.AudioUrl;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.Content;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.VideoUrl;
import com.volcengine.ark.runtime.model.content.generation.DeleteContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.GetContentGenerationTaskResponse;
import com.volcengine.ark.runtime.model.content.generation.ListContentGenerationTasksRequest;
import com.volcengine.ark.runtime.model.content.generation.ListContentGenerationTasksResponse;
import com.volcengine.ark.runtime.service.ArkService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything that the SDK can do with videos, once. */
final class Tour {
    private static final String FAST = "doubao-seedance-2-0-fast-260128";
    private static final int POLL_MS = 100;

    private final String text;
    private final String frames;
    private final String references;
    private final String queued;
    private final String running;

    static void run() throws Exception {
        new Tour();
    }

    private Tour() throws Exception {
        text = Sdk.create(Sdk.STANDARD, Sdk.text("A lighthouse at dusk."));
        frames = Sdk.create(
                Sdk.STANDARD, Sdk.text("The bud opens."), Sdk.image("first_frame"), Sdk.image("last_frame"));
        references = Sdk.create(
                FAST,
                Sdk.text("The person in image 1 dances as in video 1 to the rhythm of audio 1."),
                Sdk.image("reference_image"),
                Content.builder()
                        .type("video_url")
                        .videoUrl(new VideoUrl("https://example.com/dance.mp4"))
                        .role("reference_video")
                        .build(),
                Content.builder()
                        .type("audio_url")
                        .audioUrl(new AudioUrl("https://example.com/beat.mp3"))
                        .role("reference_audio")
                        .build());
        Sdk.tell("created", Map.of("text", text, "frames", frames, "references", references));

        GetContentGenerationTaskResponse made = waitFor(text, "succeeded");
        Sdk.tell(
                "finished",
                Map.of(
                        "text", describe(made),
                        "frames", describe(waitFor(frames, "succeeded")),
                        "references", describe(waitFor(references, "succeeded"))));
        Sdk.tell("downloaded", download(made.getContent().getVideoUrl()));

        queued = Sdk.create(Sdk.STANDARD, Sdk.text("stays queued"));
        running = Sdk.create(Sdk.STANDARD, Sdk.text("stays running"));
        waitFor(running, "running");
        Sdk.tell("listed", list());
        Sdk.tell("deleted", delete());
        Sdk.tell("errors", provokeErrors());
    }

    private static GetContentGenerationTaskResponse waitFor(String task, String status) throws InterruptedException {
        for (;;) {
            GetContentGenerationTaskResponse seen = Sdk.get(task);
            if (seen.getStatus().equals(status)) return seen;
            if (!List.of("queued", "running").contains(seen.getStatus()))
                throw new IllegalStateException("task " + task + " is " + seen.getStatus() + ", not " + status);
            Thread.sleep(POLL_MS);
        }
    }

    private static Map<String, Object> describe(GetContentGenerationTaskResponse task) {
        return Map.of(
                "id", task.getId(),
                "model", task.getModel(),
                "status", task.getStatus(),
                "tokens", task.getUsage().getTotalTokens());
    }

    /** The SDK leaves the download to its users. */
    private static Map<String, Object> download(String url) throws Exception {
        HttpResponse<byte[]> video = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofByteArray());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(video.body());
        return Map.of(
                "protocol", video.version() == HttpClient.Version.HTTP_2 ? "HTTP/2.0" : "HTTP/1.1",
                "type", video.headers().firstValue("content-type").orElse(""),
                "sha256", HexFormat.of().formatHex(digest));
    }

    private Map<String, Object> list() {
        return Map.of(
                "all", ask(firstPage()),
                "byStatus", ask(firstPage().status("queued")),
                "byIds", ask(firstPage().taskIds(List.of(text, frames, "cgt-20260101000000-other"))),
                "byModel", ask(firstPage().model(FAST)),
                "secondPage", ask(firstPage().pageNum(2).pageSize(2)));
    }

    /** The SDK throws a NullPointerException for a request that names no page. */
    private static ListContentGenerationTasksRequest.Builder firstPage() {
        return ListContentGenerationTasksRequest.builder().pageNum(1).pageSize(20);
    }

    private static Map<String, Object> ask(ListContentGenerationTasksRequest.Builder request) {
        ListContentGenerationTasksResponse listed = Sdk.CLIENT.listContentGenerationTasks(request.build());
        List<String> ids = listed.getItems().stream().map(item -> item.getId()).toList();
        return Map.of("total", listed.getTotal(), "ids", ids);
    }

    /** Deletes a task in each of three states; then looks what is left of it. */
    private Map<String, Object> delete() {
        Map<String, Object> outcomes = new LinkedHashMap<>();
        Map.of("queued", queued, "running", running, "finished", text).forEach((state, task) -> {
            Map<String, Object> outcome = new LinkedHashMap<>();
            outcome.put("task", task);
            try {
                deleteOne(task);
            } catch (RuntimeException error) {
                outcome.put("refused", Sdk.describe(error));
            }
            try {
                outcome.put("left", Sdk.get(task).getStatus());
            } catch (RuntimeException error) {
                outcome.put("left", Sdk.describe(error));
            }
            outcomes.put(state, outcome);
        });
        return outcomes;
    }

    private static void deleteOne(String task) {
        Sdk.CLIENT.deleteContentGenerationTask(
                DeleteContentGenerationTaskRequest.builder().taskId(task).build());
    }

    /** One error of each status. What the service does not answer of itself, faults of the scenario do. */
    private Map<String, Object> provokeErrors() {
        Map<String, Object> failures = new LinkedHashMap<>();
        failures.put("400", catchFrom(() -> Sdk.create(Sdk.STANDARD, Sdk.text("No roles."), Sdk.image(null), Sdk.image(null))));
        ArkService keyless = Sdk.connect(" ");
        failures.put("401", catchFrom(() -> keyless.getContentGenerationTask(Sdk.request(frames))));
        failures.put("404", catchFrom(() -> Sdk.get("cgt-20260101000000-other")));
        failures.put("409", catchFrom(() -> deleteOne(running)));
        for (String status : List.of("403", "429", "500")) failures.put(status, catchFrom(() -> Sdk.get("answers-" + status)));
        return failures;
    }

    private static Map<String, Object> catchFrom(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException error) {
            return Sdk.describe(error);
        }
        throw new IllegalStateException("expected an error");
    }
}
