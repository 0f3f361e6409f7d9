package reference;

import java.util.concurrent.TimeUnit;

/**
 * Lets one call pass until a connection stands. OkHttp would open one for each of the calls that start, or come back,
 * together, though one carries them all. It does not say when a connection stands: the others wait until the call has its
 * answer, or for as long as a connection may take.
 */
final class Gate {
    private static final long CONNECT_MS = 5_000;

    private boolean stands;
    private boolean isTried;

    /** @return whether the call is the one that tries; it has to tell what came of it */
    synchronized boolean enter() throws InterruptedException {
        long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECT_MS);
        while (!stands && isTried) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(untilNs - System.nanoTime());
            if (leftMs <= 0) return false;
            wait(leftMs);
        }
        if (stands) return false;
        isTried = true;
        return true;
    }

    synchronized void tell(boolean succeeded) {
        isTried = false;
        stands = succeeded;
        notifyAll();
    }

    synchronized void noteFailure() {
        stands = false;
    }
}
