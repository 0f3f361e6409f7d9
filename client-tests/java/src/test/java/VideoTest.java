import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** A test as a user of the official SDK writes it; {@code seedance-mock run ... -- mvn test} gives it the server. */
class VideoTest {
    @Test
    void makesAVideo() throws Exception {
        String task = Sdk.create(Sdk.STANDARD, Sdk.text("A lighthouse at dusk."));
        String status;
        while ((status = Sdk.get(task).getStatus()).equals("queued") || status.equals("running")) {
            Thread.sleep(1000);
        }
        assertEquals("succeeded", status);
    }
}
