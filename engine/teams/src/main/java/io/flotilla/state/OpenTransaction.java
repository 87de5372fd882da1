package io.flotilla.state;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A transaction at work: what it has read, and what it wants to write. */
final class OpenTransaction implements Transaction {

    private static final Versioned<Object> NONE = new Versioned<>(null, 0);

    private final Map<String, Versioned<Object>> start;
    private final Map<String, Long> expected = new HashMap<>();
    private final Map<String, SharedState.Change> changes = new LinkedHashMap<>();
    private boolean isOver;

    OpenTransaction(Map<String, Versioned<Object>> start) {
        this.start = start;
    }

    private Versioned<Object> touch(StateKey<?> key) {
        if (isOver) {
            throw new IllegalStateException("the transaction is over");
        }
        Versioned<Object> before = start.getOrDefault(key.name(), NONE);
        expected.put(key.name(), before.version());
        return before;
    }

    @Override
    public <T> @Nullable T get(StateKey<T> key) {
        Versioned<Object> before = touch(key);
        SharedState.Change own = changes.get(key.name());
        Object value = own == null ? before.value() : own.value();
        if (value != null && !key.type().isInstance(value)) {
            throw new StateTypeException(key, value.getClass());
        }
        return value == null ? null : key.type().cast(value);
    }

    @Override
    public <T> void put(StateKey<T> key, T value) {
        touch(key);
        changes.put(key.name(), new SharedState.Change(key.type().cast(Objects.requireNonNull(value, "value"))));
    }

    @Override
    public void remove(StateKey<?> key) {
        touch(key);
        changes.put(key.name(), new SharedState.Change(null));
    }

    /** Nothing is read or written any more. */
    void end() {
        isOver = true;
    }

    Map<String, Long> expected() {
        return expected;
    }

    Map<String, SharedState.Change> changes() {
        return changes;
    }
}
