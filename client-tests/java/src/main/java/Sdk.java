import com.fasterxml.jackson.databind.ObjectMapper;
import com.volcengine.ark.runtime.exception.ArkHttpException;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.Content;
import com.volcengine.ark.runtime.model.content.generation.GetContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.GetContentGenerationTaskResponse;
import com.volcengine.ark.runtime.service.ArkService;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Uses the official Volcengine SDK as it comes: only the base URL and the JVM's trust store point at the mock. Prints JSON, one
 * object a line, whose keys are those of client-tests/cli/official-sdk.ts.
 *
 * <pre>
 * Sdk          makes videos and lists, deletes and fails, from beginning to end
 * Sdk create   creates one task
 * Sdk poll     creates one task and looks at it for each line that it reads; what stands there goes along as a heartbeat
 * </pre>
 */
public final class Sdk {
    static final String STANDARD = "doubao-seedance-2-0-260128";
    static final ArkService CLIENT = connect(System.getenv("ARK_API_KEY"));

    public static void main(String[] words) throws Exception {
        if (words.length == 0) {
            Tour.run();
        } else if (words[0].equals("create")) {
            try {
                tell("task", create(STANDARD, text("A lighthouse at dusk.")));
            } catch (RuntimeException error) {
                tell("error", describe(error));
            }
        } else {
            poll();
        }
        // Its dispatcher's threads would keep the process for a minute.
        CLIENT.shutdownExecutor();
        System.exit(0);
    }

    private static void poll() throws Exception {
        String task = create(STANDARD, text("A lighthouse at dusk."));
        tell("task", task);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String timestamp = input.readLine(); timestamp != null; timestamp = input.readLine()) {
            Map<String, String> beat = timestamp.isEmpty() ? Map.of() : Map.of("x-client-timestamp", timestamp);
            tell("status", CLIENT.getContentGenerationTask(request(task), beat).getStatus());
        }
    }

    static ArkService connect(String key) {
        return ArkService.builder().apiKey(key).baseUrl(System.getenv("ARK_BASE_URL") + "/").build();
    }

    static String create(String model, Content... content) {
        CreateContentGenerationTaskRequest request =
                CreateContentGenerationTaskRequest.builder().model(model).content(List.of(content)).build();
        return CLIENT.createContentGenerationTask(request).getId();
    }

    static GetContentGenerationTaskRequest request(String task) {
        return GetContentGenerationTaskRequest.builder().taskId(task).build();
    }

    static GetContentGenerationTaskResponse get(String task) {
        return CLIENT.getContentGenerationTask(request(task));
    }

    static Content text(String prompt) {
        return Content.builder().type("text").text(prompt).build();
    }

    static Content image(String role) {
        var url = new CreateContentGenerationTaskRequest.ImageUrl("https://example.com/image.png");
        return Content.builder().type("image_url").imageUrl(url).role(role).build();
    }

    /** What a program learns from an error of the SDK. */
    static Map<String, Object> describe(RuntimeException error) {
        Map<String, Object> told = new LinkedHashMap<>();
        if (error instanceof ArkHttpException answered) {
            told.put("exception", "ArkHttpException");
            told.put("status", answered.statusCode);
            told.put("code", answered.code);
            told.put("message", answered.getMessage());
            told.put("type", answered.type);
            told.put("requestId", answered.requestId);
        } else {
            told.put("exception", "other");
            told.put("message", String.valueOf(error));
        }
        return told;
    }

    static void tell(String key, Object value) {
        try {
            System.out.println(new ObjectMapper().writeValueAsString(Map.of(key, value)));
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }
}
