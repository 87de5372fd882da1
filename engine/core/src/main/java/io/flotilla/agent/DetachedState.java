package io.flotilla.agent;

import java.util.Collections;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The state of a detached context: each write takes effect at once. It knows no merges. */
final class DetachedState implements StepState {

    // Guarded by this.
    private final TreeMap<String, Entry> values = new TreeMap<>();
    private long version;

    private record Entry(Object value, long version) {}

    @Override
    public synchronized <T> @Nullable T get(String key, Class<T> type) {
        Objects.requireNonNull(type, "type");
        Entry entry = values.get(StepState.checkKey(key));
        if (entry != null && !type.isInstance(entry.value)) {
            throw new StepStateException(
                    StepStateException.Reason.WRONG_TYPE,
                    key,
                    "is a " + entry.value.getClass().getName() + ", not a " + type.getName(),
                    null);
        }
        return entry == null ? null : type.cast(entry.value);
    }

    @Override
    public synchronized long version(String key) {
        Entry entry = values.get(StepState.checkKey(key));
        return entry == null ? 0 : entry.version;
    }

    @Override
    public synchronized Set<String> keys() {
        return Collections.unmodifiableSet(new TreeSet<>(values.keySet()));
    }

    @Override
    public synchronized void put(String key, Object value) {
        Objects.requireNonNull(value, "value");
        values.put(StepState.checkKey(key), new Entry(value, ++version));
    }

    @Override
    public synchronized void remove(String key) {
        if (values.remove(StepState.checkKey(key)) != null) {
            version++;
        }
    }

    @Override
    public synchronized void merge(String key, Object update) {
        Objects.requireNonNull(update, "update");
        if (values.containsKey(StepState.checkKey(key))) {
            throw new StepStateException(
                    StepStateException.Reason.NO_MERGE,
                    key,
                    "has a value, and a detached context knows no merges",
                    null);
        }
        put(key, update);
    }

    @Override
    public synchronized String toString() {
        return "StepState" + values.keySet();
    }
}
