package io.flotilla.step;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Steps in flight by when they are due, where agents have timeouts of their own: a binary heap, so a step costs a few
 * comparisons whatever the number in flight and however many limits there are. A step knows its place, and is taken out
 * from the middle when it ends. Not thread-safe.
 */
final class DueHeap {

    /** What is due later than this is ordered as if it were due then: sums of longer times would overflow. */
    private static final long MAX_NANOS = Long.MAX_VALUE / 2;

    private @Nullable Step<?, ?>[] steps = new Step<?, ?>[16];
    private int size;

    /** The step that is due first; null if there is none. */
    @Nullable Step<?, ?> first() {
        return steps[0];
    }

    void add(Step<?, ?> step) {
        StepLimit limit = step.ownLimit();
        limit.dueNanos = step.startedNanos + (limit.nanos == 0 ? MAX_NANOS : Math.min(MAX_NANOS, limit.nanos));
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
        }
        up(size++, step);
    }

    /** Takes a step out; it need not be in. */
    void remove(Step<?, ?> step) {
        int place = step.ownLimit().place;
        if (place < 0) {
            return;
        }
        step.ownLimit().place = -1;
        Step<?, ?> last = at(--size);
        steps[size] = null;
        if (place < size) {
            down(place, last);
            if (last.ownLimit().place == place) {
                up(place, last);
            }
        }
    }

    /** Lets all steps go. */
    void clear() {
        Arrays.fill(steps, 0, size, null);
        size = 0;
    }

    private Step<?, ?> at(int place) {
        return Objects.requireNonNull(steps[place]);
    }

    private void up(int from, Step<?, ?> step) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (!isBefore(step, at(parent))) {
                break;
            }
            put(place, at(parent));
            place = parent;
        }
        put(place, step);
    }

    private void down(int from, Step<?, ?> step) {
        int place = from;
        for (int child = 2 * place + 1; child < size; child = 2 * place + 1) {
            if (child + 1 < size && isBefore(at(child + 1), at(child))) {
                child++;
            }
            if (!isBefore(at(child), step)) {
                break;
            }
            put(place, at(child));
            place = child;
        }
        put(place, step);
    }

    private void put(int place, Step<?, ?> step) {
        steps[place] = step;
        step.ownLimit().place = place;
    }

    /** Of two that are due at the same time, the one that started first. */
    private static boolean isBefore(Step<?, ?> one, Step<?, ?> other) {
        long later = one.ownLimit().dueNanos - other.ownLimit().dueNanos;
        return later == 0 ? one.index < other.index : later < 0;
    }
}
