package io.flotilla.team;

import io.flotilla.AgentId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Who said how much to whom, in one interval. Thread-safe; at most so many pairs. */
final class Traffic {

    /** Both directions are one. */
    record Pair(AgentId one, AgentId other) {

        static Pair of(AgentId sender, AgentId receiver) {
            return sender.toString().compareTo(receiver.toString()) <= 0
                    ? new Pair(sender, receiver)
                    : new Pair(receiver, sender);
        }
    }

    private final int most;
    private final Map<Pair, LongAdder> pairs = new ConcurrentHashMap<>();
    private final LongAdder total = new LongAdder();

    /** About: a few more pairs may come in at the same moment. */
    private final AtomicLong pairCount = new AtomicLong();

    Traffic(int most) {
        this.most = most;
    }

    void count(AgentId sender, AgentId receiver) {
        total.increment();
        Pair pair = Pair.of(sender, receiver);
        LongAdder count = pairs.get(pair);
        if (count == null) {
            if (pairCount.get() >= most) {
                return;
            }
            count = pairs.computeIfAbsent(pair, any -> {
                pairCount.incrementAndGet();
                return new LongAdder();
            });
        }
        count.increment();
    }

    long total() {
        return total.sum();
    }

    Map<Pair, Long> byPair() {
        Map<Pair, Long> counts = new HashMap<>();
        pairs.forEach((pair, count) -> counts.put(pair, count.sum()));
        return counts;
    }

    /** A message counts for its sender and its receiver. */
    Map<AgentId, Long> byAgent() {
        Map<AgentId, Long> counts = new HashMap<>();
        pairs.forEach((pair, count) -> {
            Set<AgentId> both = new HashSet<>();
            both.add(pair.one());
            both.add(pair.other());
            both.forEach(agent -> counts.merge(agent, count.sum(), Long::sum));
        });
        return counts;
    }
}
