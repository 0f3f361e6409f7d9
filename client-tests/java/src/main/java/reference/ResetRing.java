package reference;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Keeps the newest snapshots until they are sent. Whoever offers one waits for nobody, neither for other calls nor for the
 * sender: two atomic exchanges, no lock and no loop. Where the ring is full, the oldest makes room and is counted.
 */
final class ResetRing {
    private final AtomicReferenceArray<Reset> slots;
    private final AtomicLong offered = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    ResetRing(int capacity) {
        slots = new AtomicReferenceArray<>(capacity);
    }

    void offer(Reset reset) {
        // Each leaves its slot by one exchange, and so is either taken or displaced, never both.
        Reset displaced = slots.getAndSet(slotOf(offered.getAndIncrement()), reset);
        if (displaced != null) dropped.incrementAndGet();
    }

    /** Takes out what there is, oldest first. */
    List<Reset> drain() {
        List<Reset> taken = new ArrayList<>();
        long oldest = offered.get();
        for (int place = 0; place < slots.length(); place++) {
            Reset reset = slots.getAndSet(slotOf(oldest + place), null);
            if (reset != null) taken.add(reset);
        }
        return taken;
    }

    /** How many have had to make room. */
    long dropped() {
        return dropped.get();
    }

    private int slotOf(long number) {
        return (int) (number % slots.length());
    }
}
