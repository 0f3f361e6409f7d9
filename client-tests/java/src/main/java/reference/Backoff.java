package reference;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The waits that failures ask for (reference, C3), over all calls of a client: those that fail together wait together. */
final class Backoff {
    private static final long BASE_MS = 100;
    private static final long MAX_MS = 30_000;
    private static final long JITTER_MS = 100;

    private int failures;
    /** Until when nobody tries again, on the clock of System.nanoTime. */
    private long untilNs = System.nanoTime();

    synchronized void noteSuccess() {
        failures = 0;
    }

    /** @return how long whoever failed has to wait */
    synchronized long noteFailureMs() {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(untilNs - System.nanoTime());
        if (leftMs <= 0) {
            leftMs = Math.min(MAX_MS, (long) (BASE_MS * Math.pow(2, failures++)));
            untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(leftMs);
        }
        return leftMs + ThreadLocalRandom.current().nextLong(JITTER_MS + 1);
    }
}
