package io.flotilla.step;

import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whose turn is next: by priority, then by key, then among the waiters of a key.
 *
 * <p>The keys of a priority are served by deficit round robin (Shreedhar and Varghese, SIGCOMM 1995): they stand in a circle; the
 * one whose turn begins may take as many permits as its weight, and goes to the end of the circle when it has. One that has
 * nobody waiting leaves the circle and loses what is left of its turn. A permit is a permit, so the algorithm's packets all
 * have length 1, and every turn serves at least one. Why this and not a queue by virtual time: a new key goes to the end of the
 * circle, so no flow of new keys starves an old one, and nothing has to be kept for a key that does not wait.
 *
 * <p>All operations take the same time whatever the number of waiters and keys; of priorities, the logarithm of those that
 * wait. Nothing of the user's is called. Not thread-safe: {@link FairPermits} guards it.
 */
final class FairQueue {

    /** The waiters of a key. */
    private static final class Flow {
        final LinkedHashSet<Waiter> waiters = new LinkedHashSet<>();
        int weight;
        /** What is left of its turn; 0 before it begins. */
        int deficit;
    }

    /** By priority, highest first; by key, in the order of their turns. */
    private final TreeMap<Integer, LinkedHashMap<String, Flow>> levels = new TreeMap<>(Comparator.reverseOrder());

    private int size;

    int size() {
        return size;
    }

    void add(Waiter waiter) {
        InFlightLimit.Line line = waiter.line();
        Flow flow = levels.computeIfAbsent(line.priority(), any -> new LinkedHashMap<>())
                .computeIfAbsent(line.key(), any -> new Flow());
        flow.weight = line.weight();
        if (flow.waiters.add(waiter)) {
            size++;
        }
    }

    void remove(Waiter waiter) {
        InFlightLimit.Line line = waiter.line();
        LinkedHashMap<String, Flow> level = levels.get(line.priority());
        if (level == null) {
            return;
        }
        Flow flow = level.get(line.key());
        if (flow == null || !flow.waiters.remove(waiter)) {
            return;
        }
        size--;
        if (flow.waiters.isEmpty()) {
            level.remove(line.key());
            if (level.isEmpty()) {
                levels.remove(line.priority());
            }
        }
    }

    /** Whose turn it is; the caller removes it if it wants no more. The queue is not empty. */
    Waiter next() {
        LinkedHashMap<String, Flow> level = levels.firstEntry().getValue();
        Map.Entry<String, Flow> turn = level.entrySet().iterator().next();
        String key = turn.getKey();
        Flow flow = turn.getValue();
        if (flow.deficit == 0) {
            flow.deficit = flow.weight;
        }
        flow.deficit--;
        if (flow.deficit == 0 && level.size() > 1) {
            level.remove(key);
            level.put(key, flow);
        }
        Iterator<Waiter> first = flow.waiters.iterator();
        Waiter waiter = first.next();
        if (flow.waiters.size() > 1) {
            first.remove();
            flow.waiters.add(waiter);
        }
        return waiter;
    }
}
