package reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Offers snapshots from many threads at once while one takes them out, and tells what became of them. Prints JSON. */
public final class RingCrowd {
    private static final int CAPACITY = 64;
    private static final int THREADS = 8;
    private static final int OFFERS_OF_EACH = 100_000;

    public static void main(String[] words) throws Exception {
        ResetRing ring = new ResetRing(CAPACITY);
        List<Thread> crowd = new ArrayList<>();
        for (int nth = 0; nth < THREADS; nth++) {
            long first = (long) nth * OFFERS_OF_EACH;
            crowd.add(new Thread(() -> {
                for (long number = first; number < first + OFFERS_OF_EACH; number++) ring.offer(numbered(number));
            }));
        }
        for (Thread one : crowd) one.start();

        Set<Long> different = new HashSet<>();
        int taken = 0;
        int largest = 0;
        boolean last;
        do {
            // Looked at first: what was offered before the last of them ended is in the ring by now.
            last = crowd.stream().noneMatch(Thread::isAlive);
            List<Reset> batch = ring.drain();
            for (Reset reset : batch) different.add(reset.atMs());
            taken += batch.size();
            largest = Math.max(largest, batch.size());
        } while (!last);
        System.out.println(new ObjectMapper().writeValueAsString(Map.of(
                "capacity", CAPACITY,
                "offered", THREADS * OFFERS_OF_EACH,
                "taken", taken,
                "different", different.size(),
                "largest", largest,
                "dropped", ring.dropped())));
    }

    private static Reset numbered(long number) {
        return new Reset(number, "", "", "", null, "");
    }
}
