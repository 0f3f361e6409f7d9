package reference;

import java.io.InterruptedIOException;
import java.time.Duration;

/** When something has to be over. */
final class Deadline {
    private final long atNs;

    Deadline(Duration fromNow) {
        atNs = System.nanoTime() + fromNow.toNanos();
    }

    /** @return what is left of the time, and never more than `most` */
    Duration left(Duration most) {
        Duration left = Duration.ofNanos(atNs - System.nanoTime());
        return left.compareTo(most) < 0 ? left : most;
    }

    boolean isOver() {
        return System.nanoTime() >= atNs;
    }

    /** @throws InterruptedIOException when the time is over before the sleep is */
    void sleep(Duration wanted) throws InterruptedIOException, InterruptedException {
        long leftMs = left(wanted).toMillis();
        if (leftMs > 0) Thread.sleep(leftMs);
        if (isOver()) throw new InterruptedIOException("The time of this video is over.");
    }
}
