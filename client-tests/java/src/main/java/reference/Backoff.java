package reference;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The waits that failures ask for (reference, C3): one for the service, whatever the calls. It is the service that a wait spares.
 * Times are milliseconds on the clock of System.nanoTime.
 */
final class Backoff {
    private static final long BASE_MS = 100;
    private static final long MAX_MS = 30_000;
    private static final long JITTER_MS = 100;

    private int failures;
    private long untilMs = nowMs();

    synchronized void noteSuccess() {
        failures = 0;
    }

    /**
     * Notes a failure. Calls that fail together, such as those on one connection that is cut, count once.
     *
     * @param inARow how often the call has failed: it waits longer each time, though others may succeed meanwhile
     * @param askedMs what the service asks to wait, by Retry-After
     * @return until when the call has to wait, before its jitter
     */
    synchronized long noteFailure(int inARow, long askedMs) {
        long nowMs = nowMs();
        if (nowMs >= untilMs) untilMs = nowMs + waitAfter(++failures);
        untilMs = Math.max(untilMs, nowMs + askedMs);
        return Math.max(untilMs, nowMs + waitAfter(inARow));
    }

    /**
     * @param ownUntilMs until when the call has to wait for its own failures
     * @return how long it has to wait before it is sent, with a jitter of its own; 0 where nothing has failed of late
     */
    synchronized long leftMs(long ownUntilMs) {
        long leftMs = Math.max(untilMs, ownUntilMs) - nowMs();
        return leftMs > 0 ? leftMs + ThreadLocalRandom.current().nextLong(JITTER_MS + 1) : 0;
    }

    /** Long ago: for a call that has not failed. */
    static long noWait() {
        return Long.MIN_VALUE;
    }

    private static long waitAfter(int failures) {
        return Math.min(MAX_MS, (long) (BASE_MS * Math.pow(2, failures - 1)));
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
